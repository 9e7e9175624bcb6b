"""The functions of mlflow.models that make images and environments, made by deployfile."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from deployfile import commands, report
from deployfile.file import Deployfile, Environment
from deployfile.mlflow._model import model


def build_docker(
    model_uri: str | None = None,
    name: str = "mlflow-pyfunc",
    env_manager: str = "virtualenv",
    mlflow_home: str | None = None,
    install_java: bool = False,
    install_mlflow: bool = False,
    base_image: str | None = None,
) -> report.Build:
    """Build the image of a model and hand it to Docker's engine, as mlflow.models.build_docker does.

    Parameters
    ----------
    model_uri : str
        What MLflow takes; an image without a model is not made.
    name : str, optional
        The image's tag.
    env_manager : str, optional
        Anything but "conda": the image has one environment, whose packages are locked.
    mlflow_home : str, optional
        Refused: the image has a release of MLflow.
    install_java : bool, optional
        Refused if true: the image has Java if a flavor of the model needs it.
    install_mlflow : bool, optional
        Install mlflow, and not mlflow-skinny.
    base_image : str, optional
        The image that the model is put on.

    Returns
    -------
    report.Build
        What was built, with its digest.

    Raises
    ------
    ValueError
        If there is no such thing here.
    DeployfileError
        If the program fails.

    Examples
    --------
    >>> build_docker("models:/iris@champion", name="iris").digest  # doctest: +SKIP
    >>> build_docker()
    Traceback (most recent call last):
    ...
    ValueError: model_uri is missing: an image without a model would install its packages when it starts
    """
    environment = _environment(env_manager, mlflow_home, install_java, install_mlflow, base_image)
    with _locked(model_uri, environment) as directory:
        return commands.build(directory, tag=name, load=True, locked=True)


def generate_dockerfile(
    model_uri: str | None = None,
    output_directory: str | os.PathLike[str] = "mlflow-dockerfile",
    env_manager: str | None = None,
    mlflow_home: str | None = None,
    install_java: bool = False,
    install_mlflow: bool = False,
    base_image: str | None = None,
) -> report.Directory:
    """Write a Dockerfile for a model with all that it needs, as mlflow models generate-dockerfile does.

    Parameters
    ----------
    model_uri, env_manager, mlflow_home, install_java, install_mlflow, base_image
        As build_docker has them.
    output_directory : path, optional
        A new directory.

    Returns
    -------
    report.Directory
        What was written.

    Examples
    --------
    >>> generate_dockerfile("models:/iris@champion", "iris-dockerfile").directory  # doctest: +SKIP
    """
    environment = _environment(env_manager, mlflow_home, install_java, install_mlflow, base_image)
    with _locked(model_uri, environment) as directory:
        return commands.eject(output_directory, directory, locked=True)


def prepare_env(model_uri: str, env_manager: str | None = None, install_mlflow: bool = False) -> Path:
    """Make a model's environment on this machine, as mlflow models prepare-env does.

    Parameters
    ----------
    model_uri, env_manager, install_mlflow
        As build_docker has them.

    Returns
    -------
    pathlib.Path
        The environment, below ``MLFLOW_ENV_ROOT`` (``~/.mlflow/envs``). One with the same packages
        is used again.

    Examples
    --------
    >>> prepare_env("models:/iris@champion")  # doctest: +SKIP
    """
    with _locked(model_uri, _environment(env_manager, None, False, install_mlflow, None)) as directory:
        packages = hashlib.sha256((directory / "pylock.toml").read_bytes()).hexdigest()
        place = Path(os.environ.get("MLFLOW_ENV_ROOT") or Path.home() / ".mlflow" / "envs") / f"deployfile-{packages[:16]}"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            commands.env(place, directory)
        return place


def predict(
    model_uri: str,
    input_data: Any = None,
    input_path: str | os.PathLike[str] | None = None,
    content_type: str = "json",
    output_path: str | os.PathLike[str] | None = None,
    env_manager: str = "virtualenv",
    install_mlflow: bool = False,
    pip_requirements_override: Sequence[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
) -> None:
    """Ask a model in its image, and print or write the answer, as mlflow.models.predict does.

    Parameters
    ----------
    model_uri, env_manager, install_mlflow
        As build_docker has them.
    input_data : object, optional
        What the model's predict takes; by default, and without input_path, its own example.
    input_path : path, optional
        A file with the request.
    content_type : str, optional
        What the file is: json or csv.
    output_path : path, optional
        Where the answer goes to, by default standard output.
    pip_requirements_override : list of str, optional
        Requirements that replace others of the same packages.
    extra_envs : dict, optional
        Environment variables of the server.

    Raises
    ------
    ValueError
        If there is no such thing here.
    DeployfileError
        If the program fails.

    Examples
    --------
    >>> predict("models:/iris@champion", [[5.1, 3.5, 1.4, 0.2]])  # doctest: +SKIP
    {"predictions": [0]}
    """
    if content_type not in ("json", "csv"):
        raise ValueError(f"content_type is {content_type!r}, and not json or csv")
    if input_data is not None and input_path is not None:
        raise ValueError("input_data and input_path are both given")
    asked: Any = None
    if input_path is not None:
        asked = Path(input_path).read_bytes()
    elif input_data is not None:
        from mlflow.models import convert_input_example_to_serving_input

        content_type, asked = "json", convert_input_example_to_serving_input(input_data)
    environment = _environment(env_manager, None, False, install_mlflow, None)
    environment.override = list(pip_requirements_override or []) or None
    environment.env = dict(extra_envs or {}) or None
    kind = {"json": "application/json", "csv": "text/csv"}[content_type]
    with _locked(model_uri, environment) as directory:
        answer = json.dumps(commands.predict(asked, directory, content_type=None if asked is None else kind, locked=True))
    if output_path is None:
        print(answer)
    else:
        Path(output_path).write_text(answer, encoding="utf-8")


def _environment(
    env_manager: str | None, mlflow_home: str | None, install_java: bool | None, install_mlflow: bool, base_image: str | None
) -> Environment:
    """Return the table [environment] that stands for MLflow's parameters."""
    if env_manager not in (None, "virtualenv", "uv", "local"):
        raise ValueError(f"env_manager is {env_manager!r}: the image has one environment, of uv, whatever of virtualenv, uv and local is said")
    if mlflow_home is not None:
        raise ValueError("mlflow_home is refused: the image has the release of MLflow that the model requires")
    if install_java:
        raise ValueError("install_java is refused: the image has Java if a flavor of the model needs it, else [environment] system-packages brings it")
    return Environment(mlflow="full" if install_mlflow else None, base=base_image)


@contextlib.contextmanager
def _locked(model_uri: str | None, environment: Environment) -> Iterator[Path]:
    """Make a project of a model, with its lock."""
    if not model_uri:
        raise ValueError("model_uri is missing: an image without a model would install its packages when it starts")
    with tempfile.TemporaryDirectory(prefix="deployfile-mlflow-") as name:
        directory = Path(name)
        Deployfile(model(model_uri, directory), environment=environment).dump(directory / "Deployfile")
        commands.lock(directory)
        yield directory
