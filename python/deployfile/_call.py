"""What the functions of the module commands have in common."""

from __future__ import annotations

import datetime
import json
import os
from typing import TYPE_CHECKING, Any, Generator, Mapping, Sequence, TypeVar, Union

from deployfile import report
from deployfile._data import request
from deployfile._decode import decode
from deployfile._document import Document
from deployfile._run import OnEvent, Run, invoke
from deployfile._show import Graph, Page, Rows
from deployfile.errors import DifferentError

if TYPE_CHECKING:
    from deployfile.file import Deployfile

T = TypeVar("T")

Path = Union[str, "os.PathLike[str]"]
#: A Deployfile that is on this disk, or one that is not.
FileOrPath = Union[Path, "Deployfile"]
#: Text as the program takes it (``"1h30m"``), seconds, or a timedelta.
Duration = Union[str, float, datetime.timedelta]
#: Text as the program takes it (``"20GB"``), or bytes.
Size = Union[str, int]
#: ``NAME=VALUE``, a list of these, or a dict.
Pairs = Union[str, Sequence[str], Mapping[str, str]]
#: One or several.
Texts = Union[str, Sequence[str]]


def text(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> str:
    """Run a command that prints text."""
    return invoke(command, on_event, document(file))[0].decode(errors="replace")


def one(kind: type[T], command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> T:
    """Run a command whose JSON is an object."""
    return decode(kind, invoke(command, on_event, document(file))[1][-1])


def many(kind: type[T], command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> list[T]:
    """Run a command whose JSON is a list."""
    return Rows(decode(kind, item) for item in invoke(command, on_event, document(file))[1][-1])


def documents(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> list[dict[str, Any]]:
    """Run a command that prints a document of JSON for each platform."""
    return invoke(command, on_event, document(file))[1]


def value(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> Any:
    """Run a command that prints JSON which has no class, or nothing."""
    printed = text(command, on_event, file)
    return json.loads(printed) if printed else None


def page(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> Page:
    """Run a command that prints a page of HTML."""
    return Page(text(command, on_event, file))


def graph(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> Graph:
    """Run a command that prints a graph."""
    return Graph(text(command, on_event, file))


def answer(data: Any, command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> Any:
    """Run predict with a request, or with the model's own example."""
    if data is None:
        return value(command, on_event, file)
    if document(file):
        raise ValueError("a Deployfile and data are both standard input: write the Deployfile to a file")
    at = command.index("--")
    asked = [*command[:at], "--input=-", *command[at:]]
    if not any(flag.startswith("--content-type=") for flag in asked[:at]):
        asked.insert(at, "--content-type=application/json")
    return json.loads(invoke(asked, on_event, request(data))[0])


def findings(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> list[report.Finding]:
    """Run check, to which findings are no failure."""
    with Run(command, on_event, document(file)) as run:
        code, results = run.end()
        if not results:
            raise run.failure(code)
        return Rows(decode(report.Finding, item) for item in results[-1])


def differences(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> list[report.TargetDiff]:
    """Run diff of targets, whose exit code says whether they differ."""
    try:
        return many(report.TargetDiff, command, on_event, file)
    except DifferentError as different:
        return Rows(decode(report.TargetDiff, item) for item in different.result)


def lines(command: Sequence[str], on_event: OnEvent, file: FileOrPath | None = None) -> Generator[str, None, None]:
    """Run a command that prints lines until it is stopped."""
    with Run(command, on_event, document(file)) as run:
        yield from run.lines()


def document(file: FileOrPath | None) -> bytes:
    """Return what the program reads from its standard input as its Deployfile."""
    if file is None or isinstance(file, (str, os.PathLike)):
        return b""
    if isinstance(file, Document):
        return file.dumps().encode()
    raise TypeError(f"file is a {type(file).__name__}, and not a path or a deployfile.Deployfile")


def flags(**values: Any) -> list[str]:
    """Return arguments of the program: a list repeats its flag, True is a flag alone.

    Examples
    --------
    >>> flags(tag=["a", "b"], push=True, load=False, pids_limit=None, port=80, label={"team": "ml"})
    ['--tag=a', '--tag=b', '--push', '--port=80', '--label=team=ml']
    """
    out: list[str] = []
    for name, given in values.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if given is None or given is False:
            continue
        if given is True:
            out.append(flag)
        elif isinstance(given, Mapping):
            if None in given.values():
                raise TypeError(f"{name}: {given!r} has a name without a value")
            out += [f"{flag}={key}={item}" for key, item in given.items()]
        elif isinstance(given, (str, int, float, os.PathLike)):
            out.append(f"{flag}={os.fspath(given) if isinstance(given, os.PathLike) else given}")
        elif isinstance(given, Sequence):
            out += [f"{flag}={item}" for item in given]
        elif isinstance(given, Document):
            out.append(f"{flag}=-")  # document writes it to standard input
        else:
            raise TypeError(f"{name} is a {type(given).__name__}, and not text, a number, a list or a dict")
    return out


def duration(given: Duration | None) -> str | None:
    """Return a duration as the program takes it.

    Examples
    --------
    >>> duration(90), duration(datetime.timedelta(hours=1)), duration("2m")
    ('90s', '3600.0s', '2m')
    """
    if isinstance(given, datetime.timedelta):
        given = given.total_seconds()
    return given if given is None or isinstance(given, str) else f"{given}s"


def arguments(*given: Path | None) -> list[str]:
    """Return arguments that are no flags, whatever they look like.

    Examples
    --------
    >>> arguments("prod", None)
    ['--', 'prod']
    """
    return ["--", *(os.fspath(item) for item in given if item is not None)]
