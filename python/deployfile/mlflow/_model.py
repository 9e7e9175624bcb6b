"""Brings the model that a URI of MLflow names to where a Deployfile can name it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import urllib.parse
from pathlib import Path

from deployfile.file import Model

#: What the program fetches itself. All else is fetched here, by MLflow.
_OF_A_SERVER = ("models", "runs", "mlflow-artifacts")
_OF_THE_PROGRAM = ("oci", "s3", "gs", "wasbs", "https", "hf", "git+https", "git+ssh")

#: The directory of what is fetched here, beside what a Deployfile may refer to.
FETCHED = "mlflow-model"


def model(uri: str, directory: Path, name: str | None = None) -> Model:
    """Return the table [model] for a URI; what has to be fetched here becomes a directory.

    A name is for that: it is called as it is registered, else by the name, else by the last part
    of the URI.

    The program asks MLflow's server itself where there is one, so that the lock and the image
    know where the model came from. A database, a directory of runs and Databricks are asked by
    MLflow in this process, with its credentials.
    """
    scheme = urllib.parse.urlparse(uri).scheme
    if scheme in _OF_THE_PROGRAM:
        return Model(uri)
    if scheme in _OF_A_SERVER:
        server = _server()
        if server is not None:
            return Model(uri, tracking_uri=server)
    import mlflow.artifacts  # not before it is needed: it takes a second

    with tempfile.TemporaryDirectory(prefix=FETCHED, dir=directory, ignore_cleanup_errors=True) as place:
        here = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=place))
        # A directory of the user's own may be returned as it is, and stays where it is.
        if here.is_relative_to(place):
            shutil.move(here, directory / FETCHED)
        else:
            shutil.copytree(here, directory / FETCHED, symlinks=True)
    registered, version = _registered(directory / FETCHED)
    return Model(FETCHED, name=registered or name or _last(uri), version=version)


def _last(uri: str) -> str | None:
    """Return a name for a model.

    Examples
    --------
    >>> _last("file:///home/me/Iris model/"), _last("runs:/0123/model"), _last("/")
    ('iris-model', 'model', None)
    """
    return _clean(urllib.parse.unquote(urllib.parse.urlparse(uri).path).rstrip("/").rpartition("/")[2])


def _registered(directory: Path) -> tuple[str | None, str | None]:
    """Return the name and the version that MLflow has written beside a registered model."""
    try:
        lines = (directory / "registered_model_meta").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None, None
    pairs = (line.partition(": ") for line in lines)
    said = {key: value.strip("'\"") for key, _, value in pairs if value != "null"}  # null is of a model of a run
    return _clean(said.get("model_name", "")), said.get("model_version") or None


def _clean(name: str) -> str | None:
    """Return a name as a Deployfile may have it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or None


def _server() -> str | None:
    """Return the address of MLflow's server, if this process has one and models are there, too."""
    import mlflow

    tracking, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    parsed = urllib.parse.urlparse(tracking)
    # A credential in the address is not for a file; the program has it from the environment.
    if parsed.scheme not in ("http", "https") or parsed.username or registry != tracking:
        return None
    return str(tracking)


def is_source(uri: str, template: Path, source: str) -> bool:
    """Report whether a URI is what a Deployfile names already."""
    return uri == source or ":" not in source and Path(uri.removeprefix("file://")).resolve() == (template.parent / source).resolve()


def project(template: Path, source: str, directory: Path, whole: bool) -> None:
    """Copy what a Deployfile may refer to; its model and its lock only if the whole is wanted.

    Links stay links: what they lead to outside of the directory is not for a build, which
    refuses them.
    """
    model = os.path.normpath(template.parent / source)

    def ignored(at: str, names: list[str]) -> set[str]:
        out = {".git", "Deployfile"} if Path(at) == template.parent else set()
        if not whole:
            out |= {"Deployfile.lock", "pylock.toml"} if out else set()
            out |= {name for name in names if os.path.normpath(os.path.join(at, name)) == model}
        return out & set(names)

    shutil.copytree(template.parent, directory, symlinks=True, ignore=ignored, dirs_exist_ok=True)
