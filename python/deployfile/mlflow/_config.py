"""Sets keys of a target that MLflow's -C key=value names."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import json
import types
import typing
from typing import Any, Callable, Mapping, Union

from deployfile import file
from deployfile._decode import key_of
from deployfile._document import typed


def kinds() -> dict[str, type[Any]]:
    """Return the class of each kind of target.

    Examples
    --------
    >>> kinds()["docker"]().kind
    'docker'
    """
    return {str(f.default): kind for kind in typing.get_args(file.Target) for f in dataclasses.fields(kind) if f.name == "kind"}


def configured(target: Mapping[str, Any], config: Mapping[str, Any], where: str) -> file.Target:
    """Return a target with keys that are set, each with the type that it has in a Deployfile.

    A key of a table within is ``resources.memory``. Text is read as the type says: a number,
    true or false, and JSON for a list or a table.

    Examples
    --------
    >>> made = configured({"kind": "docker"}, {"port": "9000", "resources.memory": "2Gi", "env": '{"A": "1"}'}, "targets.prod")
    >>> made.port, made.resources.memory, made.env
    (9000, '2Gi', {'A': '1'})
    >>> configured({"kind": "docker"}, {"prot": 9000}, "targets.prod")
    Traceback (most recent call last):
    ...
    ValueError: docker has no key "prot"; did you mean "port"?
    """
    kind = kinds()[target["kind"]]
    table = json.loads(json.dumps(target))
    for key, value in config.items():
        _set(table, kind, key, value, target["kind"])
    made: file.Target = typed(kind, table, where)
    return made


#: What the plugin says itself.
_OWN = {"directory", "file", "on_event", "image", "model_image", "all", "dry_run", "no_wait", "check"}


def options(given: Mapping[str, Any], *functions: Callable[..., Any]) -> dict[str, Any]:
    """Return parameters of functions for flags of the program, with their types.

    Examples
    --------
    >>> from deployfile import commands
    >>> options({"port": "9000", "no-cache": "true", "tag": "x", "secret": '["id=a", "id=b"]'}, commands.run, commands.build)
    {'port': '9000', 'no_cache': True, 'tag': 'x', 'secret': ['id=a', 'id=b']}
    >>> options({"prot": "9000"}, commands.run)
    Traceback (most recent call last):
    ...
    ValueError: there is no flag --prot; did you mean --port?
    """
    known = {p.name: p for f in functions for p in inspect.signature(f).parameters.values() if p.kind is p.KEYWORD_ONLY and p.name not in _OWN}
    out: dict[str, Any] = {}
    for flag, value in given.items():
        name = flag.replace("-", "_")
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise ValueError(f"there is no flag --{flag}" + (f"; did you mean --{close[0].replace('_', '-')}?" if close else ""))
        kind = known[name].annotation
        if isinstance(value, str) and (kind == "bool" or value.startswith(("[", "{"))):
            value = _read(bool if kind == "bool" else list[str], value, "--" + flag)
        out[name] = value
    return out


def having(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that a function has."""
    return {name: value for name, value in given.items() if name in inspect.signature(function).parameters}


def _set(table: dict[str, Any], kind: Any, key: str, value: Any, of: str) -> None:
    """Set a key of a table, or of a table within."""
    first, _, rest = key.partition(".")
    hints = {key_of(name): hint for name, hint in typing.get_type_hints(kind).items()}
    if first not in hints or first == "kind":
        close = difflib.get_close_matches(first, [name for name in hints if name != "kind"], 1)
        raise ValueError(f'{of} has no key "{first}"' + (f'; did you mean "{close[0]}"?' if close else ": see mlflow deployments help"))
    hint = _inner(hints[first])
    if not rest:
        table[first] = _read(hint, value, key)
    elif dataclasses.is_dataclass(hint):
        _set(table.setdefault(first, {}), hint, rest, value, f"{of}.{first}")
    elif typing.get_origin(hint) is dict:
        table.setdefault(first, {})[rest] = _read(typing.get_args(hint)[1], value, key)
    else:
        raise ValueError(f"{of}.{first} is no table")


def _inner(hint: Any) -> Any:
    """Return the type that is meant by an optional one."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        return typing.get_args(hint)[0]
    return hint


def _read(hint: Any, value: Any, key: str) -> Any:
    """Return a value of its text; what is no text has its type already."""
    if not isinstance(value, str):
        return value
    try:
        if hint is bool:
            return {"true": True, "false": False}[value.lower()]
        if hint in (int, float):
            return hint(value)
        if hint is Any or typing.get_origin(hint) in (list, dict) or dataclasses.is_dataclass(hint):
            return json.loads(value)
    except (KeyError, ValueError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}.get(hint, "JSON")
        raise ValueError(f"{key}: {value!r} is not {wanted}") from None
    return value
