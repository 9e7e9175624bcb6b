"""A project for one deployment of MLflow."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_CONFLICT,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)

from deployfile import commands, errors, report
from deployfile.file import Deployfile, Model
from deployfile.mlflow._config import configured, having, kinds, options
from deployfile.mlflow._model import is_source, model, project


class Project:
    """A directory with a Deployfile of one target, whose endpoint is the deployment."""

    def __init__(self, target: str, name: str | None, config: Mapping[str, Any], directory: Path) -> None:
        self.target, self.directory = target, directory
        self.template: Path | None = Path("Deployfile").resolve()
        try:
            self._file, given = self._read()
            flags = {key.removeprefix("--"): value for key, value in config.items() if key.startswith("--")}
            config = {key: value for key, value in config.items() if not key.startswith("--")}
            self._flags = options(flags, commands.lock, commands.deploy)
            own = given if name is None else {**given, "endpoint": name}
            self._file.targets = {target: configured(own, config, f"targets.{target}")}
        except ValueError as wrong:
            raise MlflowException(str(wrong), INVALID_PARAMETER_VALUE) from None
        self._name = name
        self._save()

    def _read(self) -> tuple[Deployfile, dict[str, Any]]:
        if self.template is not None and self.template.exists():
            file = Deployfile.load(self.template)
            if file.targets and self.target in file.targets:
                return file, file.targets[self.target].as_dict()
        self.template = None
        kind = _local() if self.target == "local" else self.target
        if kind not in kinds():
            raise ValueError(f"no [targets.{self.target}] in ./Deployfile, and no such kind: there are local, {', '.join(sorted(kinds()))}")
        return Deployfile(Model("model")), {"kind": kind}

    def write(self, uri: str) -> None:
        """Make the project that of a model, and pin what its image is made of."""
        given = self._file.model
        same = self.template is not None and is_source(uri, self.template, given.source)
        if self.template is not None:
            project(self.template, given.source, self.directory, whole=same)
        if not same:
            made = model(uri, self.directory, self._name)
            self._file.model = dataclasses.replace(made, name=given.name or made.name)
        self._save()
        with raised():
            commands.lock(directory=self.directory, **self.flags(commands.lock))

    def keep(self, live: report.Slot) -> None:
        """Make the project that of the model that is served."""
        self._file.model = dataclasses.replace(self._file.model, name=live.model, version=live.version)
        self._save()

    def flags(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Return the flags of the configuration that a function has."""
        return having(function, self._flags)

    def deploy(self, **given: Any) -> report.Outcome:
        """Deploy the target."""
        with raised():
            return commands.deploy(self.target, directory=self.directory, **self.flags(commands.deploy), **given)[0]

    def status(self) -> report.Status:
        """Return what is deployed."""
        with raised():
            return commands.status(self.target, directory=self.directory, **self.flags(commands.status))[0]

    def existing(self) -> report.Status:
        """Return what is deployed, of which there must be something."""
        now = self.status()
        if not now.deployed:
            raise MlflowException(f"{now.endpoint} is not deployed at {self.target}", RESOURCE_DOES_NOT_EXIST)
        return now

    def _save(self) -> None:
        self._file.dump(self.directory / "Deployfile")


def _local() -> str:
    """Return the kind of target that this machine has: Docker's engine, else containerd."""
    return "docker" if os.environ.get("DOCKER_HOST") or os.path.exists("/var/run/docker.sock") else "containerd"


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Raise what MLflow's callers expect."""
    codes = {
        errors.UsageError: INVALID_PARAMETER_VALUE,
        errors.InputError: INVALID_PARAMETER_VALUE,
        errors.ConflictError: RESOURCE_CONFLICT,
        errors.BusyError: TEMPORARILY_UNAVAILABLE,
    }
    try:
        yield
    except errors.DeployfileError as failed:
        raise MlflowException(str(failed), codes.get(type(failed), INTERNAL_ERROR)) from failed
