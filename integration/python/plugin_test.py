"""What wheel_test.go runs: MLflow's own ways to the target deployfile, as far as no builder is
needed. plugin_test.py PROJECT"""

import doctest
import inspect
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable

import mlflow.models
import mlflow.sagemaker
import numpy
import pandas
from mlflow.deployments import get_deploy_client
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server import infer_and_parse_data

import deployfile.mlflow
from deployfile import Deployfile, commands
from deployfile._data import request
from deployfile.file import Kubernetes
from deployfile.mlflow import _config, _model, _models, _project, plugin, sagemaker

IMAGE = "registry.example/iris@sha256:" + 64 * "0"


def refused(code: str, text: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except MlflowException as e:
        assert e.error_code == code and text in str(e), (e.error_code, str(e))
    else:
        raise AssertionError(f"taken: {text}")


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "mlflow", "deployments", *arguments], capture_output=True, text=True)


def refuses() -> None:
    """What cannot be done is an error of MLflow's that says so."""
    local = get_deploy_client("deployfile:/docker")
    refused("INVALID_PARAMETER_VALUE", "no [targets.nowhere]", lambda: get_deploy_client("deployfile:/nowhere").get_deployment("iris"))
    refused("INVALID_PARAMETER_VALUE", 'no key "prot"; did you mean "port"?', lambda: local.create_deployment("iris", "model", config={"prot": "1"}))
    refused("INVALID_PARAMETER_VALUE", "did you mean --timeout?", lambda: local.create_deployment("iris", "model", config={"--timeuot": "1m"}))
    refused("INVALID_PARAMETER_VALUE", "'x' is not a whole number", lambda: local.create_deployment("iris", "model", config={"port": "x"}))
    refused("INVALID_PARAMETER_VALUE", "the flavor sklearn", lambda: local.create_deployment("iris", "model", flavor="sklearn"))
    refused("INVALID_PARAMETER_VALUE", "leave --endpoint out", lambda: local.delete_deployment("iris", endpoint="other"))
    refused("INVALID_PARAMETER_VALUE", "there are no inputs", lambda: local.predict("iris"))
    refused("INVALID_PARAMETER_VALUE", "name the deployment", local.list_deployments)
    refused("FEATURE_DISABLED", "made by its first deployment", lambda: local.create_endpoint("iris"))
    refused("FEATURE_DISABLED", "call predict", lambda: local.predict_stream("iris", {}))
    refused("INVALID_PARAMETER_VALUE", "no flag --replicas", lambda: plugin.run_local("iris", "model", config={"replicas": 1}))
    for call in (lambda: local.get_deployment("iris"), lambda: local.delete_deployment("iris"), lambda: local.create_deployment("iris", "model")):
        refused("INTERNAL_ERROR", "no Docker engine", call)


def describes(project: Path) -> None:
    """The target is that of the Deployfile, with the keys of -C and the name as its endpoint."""
    file = Deployfile.load(project / "Deployfile")
    file.targets = {"prod": Kubernetes(namespace="ml", image="registry.example/iris")}
    file.dump(project / "Deployfile")
    with tempfile.TemporaryDirectory() as directory:
        _project.Project("prod", "flowers", {"replicas": "3", "resources.memory": "2Gi", "env.A": "1"}, Path(directory))
        made = Deployfile.load(Path(directory) / "Deployfile").targets
        assert made == {
            "prod": Kubernetes(
                namespace="ml", image="registry.example/iris", endpoint="flowers", replicas=3, env={"A": "1"},
                resources=made["prod"].resources if made else None,
            )
        }, made
        objects = commands.render("prod", directory=directory, image=IMAGE)
    for want in ("name: flowers", "namespace: ml", "replicas: 3", "memory: 2Gi"):
        assert want in objects, objects


def fetches(project: Path) -> None:
    """What the program cannot read is fetched by MLflow, and what a server has is named."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        made = _model.model((project / "model").as_uri(), place)
        assert made.name == "model" and os.listdir(place) == [made.source], (made, os.listdir(place))
        assert (place / made.source / "MLmodel").read_bytes() == (project / "model" / "MLmodel").read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (project / "model" / "registered_model_meta").write_text("model_name: Iris Flowers\nmodel_version: '3'\n")
        made = _model.model(str(project / "model"), place, "other")
        assert (made.name, made.version) == ("iris-flowers", "3"), made
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (project / "model" / "registered_model_meta").write_text("model_name: null\nmodel_version: null\n")
        made = _model.model(str(project / "model"), place, "other")
        assert (made.name, made.version) == ("other", None), made
        os.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:1"
        made = _model.model("models:/iris@champion", place)
        assert (made.source, made.tracking_uri) == ("models:/iris@champion", "http://127.0.0.1:1")
        del os.environ["MLFLOW_TRACKING_URI"]
        assert _model.model("s3://bucket/model", place).source == "s3://bucket/model"


def copies() -> None:
    """What a Deployfile refers to comes along; its lock only with its own model."""
    with tempfile.TemporaryDirectory() as name:
        template = Path(name, "own", "Deployfile")
        for file in ("Deployfile", "Deployfile.lock", "pylock.toml", "models/iris/MLmodel", "models/other/MLmodel", "code/a.py", "code/Deployfile", ".git/HEAD"):
            (template.parent / file).parent.mkdir(parents=True, exist_ok=True)
            (template.parent / file).touch()
        # Somebody else's link shows a build nothing of this machine.
        secret = Path(name, "secret")
        (secret / "below").mkdir(parents=True)
        (secret / "key").write_text("s3cr3t")
        for link, to in (("code/key", secret / "key"), ("code/keys", secret), ("models/iris/key", secret / "key")):
            (template.parent / link).symlink_to(to)
        beside = {"models/other/MLmodel", "code/a.py", "code/Deployfile"}
        for whole, want in ((False, beside), (True, beside | {"Deployfile.lock", "pylock.toml", "models/iris/MLmodel"})):
            made = Path(name, str(whole))
            _model.project(template, "models/iris", made, whole)
            got = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file() and not path.is_symlink()}
            assert got == want, got ^ want
            assert (made / "code" / "key").is_symlink() and (made / "code" / "keys").is_symlink()
        iris = template.parent / "models" / "iris"
        assert all(_model.is_source(uri, template, "models/iris") for uri in ("models/iris", str(iris), iris.as_uri()))
        assert not _model.is_source("models:/iris/3", template, "models/iris")
        assert not _model.is_source(str(iris), template, "models:/iris/3")


def requests() -> None:
    """A request has what MLflow's server is to read: all digits, times as text, no column less."""
    table = pandas.DataFrame({"x": [1e-20, 1 / 3], "t": [pandas.Timestamp("2020-01-01T12:00"), pandas.NaT], "n": [float("nan"), 2.0]})
    read, schema = infer_and_parse_data, mlflow.models.infer_signature(table).inputs
    got = read(json.loads(request(table)), schema)
    pandas.testing.assert_frame_equal(got.reset_index(drop=True), table.astype({"t": "datetime64[ns]"}))
    assert json.loads(request(table["x"])) == {"dataframe_split": {"columns": ["x"], "data": [[1e-20], [1 / 3]]}}
    assert json.loads(request({"inputs": numpy.ones((1, 2)), "params": {"k": numpy.float32(2)}})) == {"inputs": [[1, 1]], "params": {"k": 2}}
    assert json.loads(request(numpy.array([[1.5]]))) == {"inputs": [[1.5]]}
    try:
        request([object()])
    except TypeError as e:
        assert "a request cannot have a object" in str(e), e
    else:
        raise AssertionError("taken")


def commanded() -> None:
    """MLflow's command finds the target, and says what the client says."""
    said = command("help", "-t", "deployfile")
    assert "kubernetes: " in said.stdout and "  resources.memory: " in said.stdout, said
    said = command("create", "-t", "deployfile:/docker", "--name", "iris", "-m", "model", "-C", "prot=1")
    assert said.returncode != 0 and 'did you mean "port"?' in said.stdout + said.stderr, said
    Path("rows.json").write_text(json.dumps([{"x": 1}]))
    said = command("predict", "-t", "deployfile:/docker", "--name", "iris", "-I", "rows.json")
    assert said.returncode != 0 and "no Docker engine" in said.stdout + said.stderr, said


def examples() -> None:
    for module in (_config, _model, _models, plugin, sagemaker):
        failed, ran = doctest.testmod(module)
        assert ran and not failed, module


def same_parameters() -> None:
    """The functions of mlflow.models and mlflow.sagemaker have the parameters that they have there."""
    for name in ("build_docker", "predict"):
        theirs = inspect.signature(getattr(mlflow.models, name)).parameters.values()
        ours = inspect.signature(getattr(deployfile.mlflow, name)).parameters.values()
        assert [(p.name, p.default) for p in theirs] == [(p.name, p.default) for p in ours], name
    for name in set(sagemaker.__all__):
        theirs, ours = (inspect.signature(getattr(of, name)).parameters.values() for of in (mlflow.sagemaker, sagemaker))
        assert [(p.name, p.default) for p in theirs] == [(p.name, p.default) for p in ours], name
    for call in (
        lambda: deployfile.mlflow.build_docker("model", env_manager="conda"),
        lambda: deployfile.mlflow.build_docker("model", mlflow_home="/mlflow"),
        lambda: deployfile.mlflow.generate_dockerfile("model", install_java=True),
        lambda: deployfile.mlflow.predict("model", content_type="parquet"),
        lambda: deployfile.mlflow.predict("model", [1], "rows.json"),
    ):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError("taken")


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    os.environ["DOCKER_HOST"] = "tcp://127.0.0.1:1"
    examples()
    same_parameters()
    refuses()
    describes(Path.cwd())
    fetches(Path.cwd())
    copies()
    requests()
    commanded()
