# MLflow's methods have no types, and pyright takes those that only raise for such that must.
# pyright: reportIncompatibleMethodOverride=false
"""The target ``deployfile`` of ``mlflow deployments``."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Iterator, Mapping

from mlflow.deployments import BaseDeploymentClient, PredictionsResponse
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import FEATURE_DISABLED, INVALID_PARAMETER_VALUE, RESOURCE_ALREADY_EXISTS

from deployfile import commands, report
from deployfile.file import Deployfile
from deployfile.mlflow._config import options
from deployfile.mlflow._model import model
from deployfile.mlflow._project import Project, raised

FLAVOR = "python_function"


class DeployfileClient(BaseDeploymentClient):
    """Deploys to a target of a Deployfile, or to one that is made of a kind and ``-C``.

    ``deployfile:/NAME`` is ``[targets.NAME]`` of the Deployfile in the directory at hand. Without
    it ``deployfile:/local`` is this machine, Docker's engine or else containerd, and
    ``deployfile:/KIND`` a target of that kind. A deployment's name is the target's endpoint.

    ``-C --FLAG=VALUE`` gives a flag to deployfile lock and deploy, whichever has it.
    """

    def create_deployment(
        self, name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None, endpoint: str | None = None
    ) -> dict[str, Any]:
        """Build the image of a model, deploy it, and wait until it answers.

        Examples
        --------
        >>> DeployfileClient("deployfile:/local").create_deployment("iris", "models:/iris@champion")  # doctest: +SKIP
        """
        _refuse(flavor, endpoint, name)
        with self._project(name, config) as made:
            if made.status().deployed:
                raise MlflowException(f"{name} exists already at {self.target_uri}: update it", RESOURCE_ALREADY_EXISTS)
            made.write(model_uri)
            return _described(name, made.deploy())

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Deploy another model, or what is deployed with other settings.

        Settings are those of the Deployfile and of ``config``; those of an earlier ``config`` are
        not kept.
        """
        _refuse(flavor, endpoint, name)
        with self._project(name, config) as made:
            now = made.existing()
            if model_uri is not None:
                made.write(model_uri)
                return _described(name, made.deploy())
            if now.live is None:
                raise MlflowException(f"nothing answers at {name}: give a model", INVALID_PARAMETER_VALUE)
            made.keep(now.live)
            return _described(name, made.deploy(image=now.live.image, model_image=now.live.model_image))

    def delete_deployment(self, name: str, config: Mapping[str, Any] | None = None, endpoint: str | None = None) -> None:
        """Delete a deployment and all its revisions. What does not exist is deleted."""
        _refuse(None, endpoint, name)
        with self._project(name, config) as made, raised():
            commands.delete(made.target, directory=made.directory, **made.flags(commands.delete))

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """Return the deployment of the Deployfile's target, if there is one.

        A target is one endpoint, and no kind is searched for others.
        """
        with self._project(endpoint, None) as made:
            if made.template is None and endpoint is None:
                raise MlflowException(f"{self.target_uri} is no target of a Deployfile, so name the deployment", INVALID_PARAMETER_VALUE)
            now = made.status()
            return [_of(now.endpoint, now)] if now.deployed else []

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        """Return what is deployed, as deployfile.status has it."""
        _refuse(None, endpoint, name)
        with self._project(name, None) as made:
            return _of(name, made.existing())

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> PredictionsResponse:
        """Ask a deployment. Inputs are what deployfile.predict takes."""
        if inputs is None:
            raise MlflowException("there are no inputs", INVALID_PARAMETER_VALUE)
        with self._project(deployment_name or endpoint, None) as made, raised():
            answer = commands.predict(inputs, made.directory, target=made.target)
        return PredictionsResponse(answer if isinstance(answer, dict) else {"predictions": answer})

    def predict_stream(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Iterator[dict[str, Any]]:
        """Refused: an answer comes whole."""
        raise MlflowException("an answer comes whole: call predict", FEATURE_DISABLED)

    def create_endpoint(self, name: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Refused: an endpoint is made by its first deployment."""
        raise MlflowException("an endpoint is made by its first deployment: create that", FEATURE_DISABLED)

    def update_endpoint(self, endpoint: str, config: Mapping[str, Any] | None = None) -> None:
        """Set keys of a target, and deploy what is deployed again."""
        self.update_deployment(endpoint, config=config)

    def delete_endpoint(self, endpoint: str) -> None:
        """Delete an endpoint with its deployment, as delete_deployment does."""
        self.delete_deployment(endpoint)

    def list_endpoints(self) -> list[dict[str, Any]]:
        """Return the endpoint of the target, as list_deployments does."""
        return self.list_deployments()

    def get_endpoint(self, endpoint: str) -> dict[str, Any]:
        """Return an endpoint, as get_deployment does."""
        return self.get_deployment(endpoint)

    @contextlib.contextmanager
    def _project(self, name: str | None, config: Mapping[str, Any] | None) -> Iterator[Project]:
        with tempfile.TemporaryDirectory(prefix="deployfile-mlflow-") as directory:
            yield Project(_name(self.target_uri), name, config or {}, Path(directory))


def run_local(name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None) -> None:
    """Serve a model on this machine until Ctrl-C. Config has flags of deployfile run, such as ``port``."""
    _refuse(flavor, None, name)
    try:
        given = options({key.removeprefix("--"): value for key, value in (config or {}).items()}, commands.run)
    except ValueError as wrong:
        raise MlflowException(str(wrong), INVALID_PARAMETER_VALUE) from None
    with tempfile.TemporaryDirectory(prefix="deployfile-mlflow-") as directory:
        Deployfile(model(model_uri, Path(directory))).dump(Path(directory) / "Deployfile")
        with raised(), commands.run(directory, **given) as server:
            print(f"{name} answers at {server.url}; Ctrl-C ends it", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()


def target_help() -> str:
    """Return what there is to know of the target, with the keys of each kind.

    Examples
    --------
    >>> "resources.memory" in target_help()
    True
    """
    with raised():
        definitions = commands.schema()["$defs"]
    lines = [(DeployfileClient.__doc__ or "").replace("\n    ", "\n"), "-C KEY=VALUE takes, for each kind:"]
    for kind, table in sorted(definitions.items()):
        lines += ["", f"{kind}: {table['title'] if table['title'] != kind else table.get('description', '')}", *_keys(table, "")]
    return "\n".join(lines)


def _keys(table: Mapping[str, Any], above: str) -> list[str]:
    lines = []
    for key, value in sorted(table["properties"].items()):
        if value.get("properties"):
            lines += _keys(value, f"{above}{key}.")
        elif key not in ("kind", "endpoint") or above:
            lines.append(f"  {above}{key}: {value.get('description', '').removeprefix(key + ' ')}")
    return lines


def _name(target_uri: str) -> str:
    """Return the target's name.

    Examples
    --------
    >>> _name("deployfile:/prod"), _name("deployfile://prod"), _name("deployfile")
    ('prod', 'prod', 'local')
    """
    parsed = urllib.parse.urlparse(target_uri)
    return (parsed.netloc + parsed.path).strip("/") if parsed.scheme else "local"


def _refuse(flavor: str | None, endpoint: str | None, name: str) -> None:
    if flavor not in (None, FLAVOR):
        raise MlflowException(f"the flavor {flavor} cannot be served: each model is, as {FLAVOR}", INVALID_PARAMETER_VALUE)
    if endpoint not in (None, name):
        raise MlflowException("a deployment is an endpoint of its own: leave --endpoint out", INVALID_PARAMETER_VALUE)


def _described(name: str, outcome: report.Outcome) -> dict[str, Any]:
    return {**_plain(outcome), "name": name, "flavor": FLAVOR}


def _of(name: str, status: report.Status) -> dict[str, Any]:
    return {**_plain(status), "name": name, "flavor": FLAVOR}


def _plain(result: report.Outcome | report.Status) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(result).items() if value is not None}
