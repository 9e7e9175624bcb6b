"""What deployment_test.go runs in the network of a Docker engine: MLflow's commands and client
with the target deployfile, from models in a database. deployments_test.py MODEL"""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jupyter_client
import mlflow
import nbclient
import nbformat
import pandas
from click.testing import CliRunner
from mlflow.deployments import cli, get_deploy_client
from mlflow.exceptions import MlflowException
from sklearn.dummy import DummyClassifier

import deployfile
import deployfile.mlflow

TARGET = "deployfile:/local"
#: setosa, versicolor and virginica: the first version tells them apart.
ROWS = pandas.DataFrame(
    [[5.1, 3.5, 1.4, 0.2], [6.0, 2.7, 4.2, 1.3], [6.5, 3.0, 5.8, 2.2]],
    columns=["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
)
FIRST, SECOND = {"predictions": [0, 1, 2]}, {"predictions": [2, 2, 2]}


def command(name: str, *arguments: str) -> str:
    """Run a command of mlflow deployments, which must succeed."""
    said = CliRunner().invoke(getattr(cli, name), arguments)
    assert said.exit_code == 0, (name, said.output, said.exception)
    return said.output


def answer() -> Any:
    return json.loads(get_deploy_client(TARGET).predict("iris", ROWS).to_json())


class Engine(HTTPConnection):
    """Docker's engine, asked as Docker's client asks it."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["DOCKER_HOST"].removeprefix("unix://"))


def engine(path: str) -> Any:
    asked = Engine("engine")
    asked.request("GET", path)
    return json.loads(asked.getresponse().read())


def containers() -> dict[str, str]:
    """Return the containers that there are, by name."""
    return {c["Names"][0]: c["Id"] for c in engine("/containers/json?all=1")}


def registered(model: Path) -> None:
    """Register two versions, which answer differently."""
    mlflow.MlflowClient().create_registered_model("iris")
    mlflow.MlflowClient().create_model_version("iris", str(model))
    always = DummyClassifier(strategy="constant", constant=2).fit(ROWS, [0, 1, 2])
    mlflow.sklearn.log_model(always, name="model", registered_model_name="iris", pip_requirements=str(model / "requirements.txt"), input_example=ROWS)
    mlflow.MlflowClient().set_registered_model_alias("iris", "champion", "1")


def commands() -> None:
    """What MLflow's tests/deployments/test_cli.py does, with a model that is served."""
    said = command("create_deployment", "-t", TARGET, "--name", "iris", "-m", "models:/iris@champion", "-f", "python_function", "-C", "--timeout=5m")
    assert "python_function deployment iris is created" in said, said
    ROWS.to_json("rows.json")
    said = command("predict", "--target", TARGET, "--name", "iris", "--input-path", "rows.json")
    assert json.loads(said) == FIRST, said
    said = command("update_deployment", "-t", TARGET, "--name", "iris", "-m", "models:/iris/2")
    assert "Deployment iris is updated (with flavor python_function)" in said, said
    assert answer() == SECOND
    said = command("get_deployment", "-t", TARGET, "--name", "iris")
    assert "revision: 2\n" in said and "ready: True\n" in said, said


def client() -> None:
    """What MLflow's tests/deployments/test_deployments.py and test_interface.py do."""
    os.environ["MLFLOW_DEPLOYMENTS_TARGET"] = TARGET
    local = get_deploy_client()
    del os.environ["MLFLOW_DEPLOYMENTS_TARGET"]
    try:
        local.create_deployment("iris", "models:/iris@champion")
        raise AssertionError("an endpoint was made twice")
    except MlflowException as e:
        assert e.error_code == "RESOURCE_ALREADY_EXISTS", e
    # The same image with other settings is a new revision of the second version.
    made = local.update_deployment("iris", config={"env": '{"A": "1"}'})
    assert (made["name"], made["flavor"], made["revision"]) == ("iris", "python_function", 3), made
    assert answer() == SECOND
    for uri in ("deployfile:/docker", "deployfile://docker", "deployfile"):
        assert get_deploy_client(uri).get_deployment("iris")["live"] == made["live"], uri
    try:
        get_deploy_client("wrong_target")
        raise AssertionError("there is a target wrong_target")
    except MlflowException as e:
        assert "No plugin found" in str(e), e


CELL = """
from mlflow.deployments import get_deploy_client
get_deploy_client("deployfile:/local").update_deployment("iris", "models:/iris@champion")
"""


def interrupted() -> None:
    """A kernel that is interrupted while it deploys leaves the endpoint as it was."""
    before = containers()
    manager, kernel = jupyter_client.manager.start_new_kernel(kernel_name="python3")
    try:
        kernel.execute(CELL)
        end = time.monotonic() + 300
        while containers() == before:
            assert time.monotonic() < end, "nothing is deployed"
            time.sleep(0.02)
        manager.interrupt_kernel()
        while True:
            try:
                message = kernel.get_iopub_msg(timeout=60)
            except queue.Empty:
                raise AssertionError("the kernel does not end the cell") from None
            if message["msg_type"] == "error":
                assert message["content"]["ename"] == "KeyboardInterrupt", message["content"]
                break
            assert message["content"].get("execution_state") != "idle", "the cell has ended well"
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel()
    assert containers() == before, (containers(), before)
    assert answer() == SECOND
    assert get_deploy_client(TARGET).get_deployment("iris")["revision"] == 3


def project(model: Path) -> None:
    """The target of a Deployfile has the image that the program and the module build."""
    shutil.copytree(model, "flowers/model")
    os.chdir("flowers")
    deployfile.init("model")
    file = deployfile.Deployfile.load("Deployfile")
    file.targets = {"prod": deployfile.file.Docker(endpoint="flowers", port=9137)}
    file.dump("Deployfile")
    deployfile.lock()
    prod = get_deploy_client("deployfile:/prod")
    made = prod.create_deployment("flowers", "model")
    digest = deployfile.build(locked=True, load=True, tag="flowers:1").digest
    assert engine("/images/flowers:1/json")["Id"] == made["live"]["image"], made
    built = subprocess.run([os.environ["DEPLOYFILE_PROGRAM"], "--events", os.devnull, "build", "--locked"], check=True, capture_output=True, text=True)
    assert built.stdout.strip() == digest, (built.stdout, digest)
    assert [d["name"] for d in prod.list_deployments()] == ["flowers"]
    prod.delete_endpoint("flowers")
    assert prod.list_deployments() == []
    os.chdir("..")


def functions() -> None:
    """build_docker and predict of deployfile.mlflow are what MLflow's are."""
    made = deployfile.mlflow.build_docker("models:/iris/2", name="iris-image:second")
    assert made.loaded == ["iris-image:second"], made
    assert engine("/images/iris-image:second/json")["Config"]["User"] not in ("", "0", "root")
    deployfile.mlflow.predict("models:/iris/2", ROWS, output_path="answer.json")
    assert json.loads(Path("answer.json").read_text()) == SECOND, Path("answer.json").read_text()


def run_local() -> None:
    """MLflow's run-local serves until Ctrl-C."""
    arguments = ["run-local", "-t", "deployfile", "--name", "iris", "-m", "models:/iris/2", "-C", "port=9138"]
    with subprocess.Popen([sys.executable, "-m", "mlflow", "deployments", *arguments], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        for line in server.stdout:
            if "answers at " in line:
                url = line.partition("answers at ")[2].split(";")[0]
                break
        else:
            raise AssertionError("nothing is served")
        asked = urllib.request.Request(url + "/invocations", ROWS.to_json(orient="split").join(['{"dataframe_split":', "}"]).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked) as got:
            assert json.load(got) == SECOND
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0, server.returncode


def notebook(file: Path) -> None:
    """The notebook of the examples runs from its first cell to its last."""
    ran = nbclient.NotebookClient(nbformat.read(file, as_version=4), timeout=600).execute()
    outputs = {cell["id"]: [o.get("data", {}) for o in cell.get("outputs", [])] for cell in ran.cells}
    assert any("text/html" in o for o in outputs["build"]), outputs["build"]
    assert any("graph" in "".join(map(str, o.values())) for o in outputs["plan"]), outputs["plan"]
    assert any("[0, 0, 0]" in o.get("text/plain", "") for o in outputs["run"]), outputs["run"]
    assert any("http://127.0.0.1:" in o.get("text/plain", "") for o in outputs["deploy"]), outputs["deploy"]
    assert any("2" in o.get("text/plain", "") for o in outputs["predict"]), outputs["predict"]


if __name__ == "__main__":
    example = Path(sys.argv[1])
    registered(example)
    commands()
    client()
    interrupted()
    run_local()
    functions()
    project(example)
    for _ in range(2):
        assert "Deployment iris is deleted" in command("delete_deployment", "--name", "iris", "--target", TARGET)
    notebook(example.parent.parent / "iris.ipynb")
    assert containers() == {}, containers()
