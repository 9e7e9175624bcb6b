"""The commands of the program as functions. A keyword that a function does not name is a
flag of its command: ``no_cache=True`` is ``--no-cache``, ``tag=["a", "b"]`` is ``--tag`` twice.
All raise a :class:`deployfile.DeployfileError`.
"""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar, Union

from deployfile import report
from deployfile._data import request
from deployfile._decode import decode
from deployfile._run import OnEvent, Run, flags, invoke

Path = Union[str, "os.PathLike[str]"]
T = TypeVar("T")


def _one(kind: type[T], command: list[str], on_event: OnEvent, options: dict[str, Any]) -> T:
    _, results = invoke([*command, "--json", *_quiet(command), *flags(**options)], on_event)
    return decode(kind, results[-1])


def _all(kind: type[T], command: list[str], on_event: OnEvent, options: dict[str, Any]) -> list[T]:
    _, results = invoke([*command, "--json", *flags(**options)], on_event)
    return [decode(kind, item) for item in results[-1]]


def _quiet(command: list[str]) -> list[str]:
    return ["--progress=quiet"] if command[0] in ("build", "lock") else []


def init(model: Path = "model", *, on_event: OnEvent = None, **options: Any) -> report.Init:
    """Write a Deployfile for a model: a directory, or a URI such as ``models:/iris@champion``.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> directory = pathlib.Path(tempfile.mkdtemp())
    >>> (directory / "model").mkdir()
    >>> _ = (directory / "model" / "MLmodel").write_text("flavors: {python_function: {loader_module: x}}")
    >>> _ = (directory / "model" / "requirements.txt").write_text("")
    >>> init("model", directory=directory).source
    'model'
    """
    return _one(report.Init, ["init", os.fspath(model)], on_event, options)


def check(context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> list[report.Finding]:
    """Return what is wrong, or to be warned of, in a Deployfile, its model and its lock.

    Errors are findings, too; only a Deployfile that cannot be read at all is raised.
    """
    with Run(["check", "--json", *flags(**options), os.fspath(context)], on_event) as run:
        while run.step():
            run.pause()
        run.step()
        if not run.results:
            run.wait()
        return [decode(report.Finding, item) for item in run.results[-1]]


def lock(context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> report.Lock:
    """Pin all that the image is made of, and return what has changed."""
    return _one(report.Lock, ["lock", os.fspath(context)], on_event, options)


def plan(context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> list[dict[str, Any]]:
    """Return what a build would make, for each platform, as the program has it."""
    return invoke(["plan", "--json", "--progress=quiet", *flags(**options), os.fspath(context)], on_event)[1]


def build(context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> report.Build:
    """Build the image of a directory with a Deployfile, or of a model's URI."""
    return _one(report.Build, ["build", os.fspath(context)], on_event, options)


def deploy(*targets: str, on_event: OnEvent = None, **options: Any) -> list[report.Outcome]:
    """Bring the model to targets. If one fails, the error's ``result`` has all outcomes."""
    return _all(report.Outcome, ["deploy", "--progress=quiet", *targets], on_event, options)


def status(*targets: str, on_event: OnEvent = None, **options: Any) -> list[report.Status]:
    """Return what targets serve, by default all of the Deployfile's."""
    return _all(report.Status, ["status", *targets], on_event, options)


def promote(target: str | None = None, *, on_event: OnEvent = None, **options: Any) -> report.Outcome:
    """Send all requests to the canary or preview."""
    return _all(report.Outcome, ["promote", *_given(target)], on_event, options)[0]


def rollback(target: str | None = None, *, on_event: OnEvent = None, **options: Any) -> report.Outcome:
    """Deploy an earlier revision again, by default the last other one; ``to`` names one."""
    return _all(report.Outcome, ["rollback", *_given(target)], on_event, options)[0]


def delete(*targets: str, on_event: OnEvent = None, **options: Any) -> list[report.Deletion]:
    """Delete endpoints and their revisions, without a question."""
    return _all(report.Deletion, ["delete", "--yes", *targets], on_event, options)


def diff(a: Path, b: Path, *, on_event: OnEvent = None, **options: Any) -> report.Comparison:
    """Compare two locks or images."""
    return _one(report.Comparison, ["diff", os.fspath(a), os.fspath(b)], on_event, options)


def inspect(image: str, *, on_event: OnEvent = None, **options: Any) -> report.Inspection:
    """Return what an image is made of, or what a target serves."""
    return _one(report.Inspection, ["inspect", image], on_event, options)


def logs(target: str | None = None, *, on_event: OnEvent = None, **options: Any) -> str:
    """Return what the server at a target has printed."""
    return invoke(["logs", *_given(target), *flags(**options)], on_event)[0].decode(errors="replace")


def model_push(reference: str, directory: Path = "model", *, on_event: OnEvent = None, **options: Any) -> report.ModelPush:
    """Push a model to a registry."""
    return _one(report.ModelPush, ["model", "push", reference, os.fspath(directory)], on_event, options)


def model_pull(reference: str, directory: Path, *, on_event: OnEvent = None, **options: Any) -> report.ModelPull:
    """Pull a model from a registry into a new directory."""
    return _one(report.ModelPull, ["model", "pull", reference, os.fspath(directory)], on_event, options)


def predict(data: Any = None, context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> Any:
    """Return the model's answer to a DataFrame, array, list or dict, else to its own example.

    A server of the image is started for it, or with ``target`` the endpoint there is asked.
    """
    given = [] if data is None else ["--input=-", *flags(content_type=options.pop("content_type", "application/json"))]
    stdin = b"" if data is None else request(data)
    out, _ = invoke(["predict", "--progress=quiet", *given, *flags(**options), os.fspath(context)], on_event, stdin)
    return json.loads(out)


def _given(target: str | None) -> list[str]:
    return [] if target is None else [target]
