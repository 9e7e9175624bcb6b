"""Decodes the program's JSON into the dataclasses of the module report."""

from __future__ import annotations

import dataclasses
import keyword
import typing
from typing import Any, TypeVar

T = TypeVar("T")


def decode(kind: type[T], value: Any) -> T:
    """Return a value of JSON as a dataclass; fields that it does not know are ignored.

    Examples
    --------
    >>> from deployfile.report import Directory
    >>> decode(Directory, {"directory": "env", "added-later": 1})
    Directory(directory='env')
    """
    decoded: T = _decode(kind, value)
    return decoded


def _decode(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return _decode(arguments[0], value)
    if origin is list:
        return [_decode(arguments[0], item) for item in value]
    if origin is dict:
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if not dataclasses.is_dataclass(kind):
        return value
    hints = typing.get_type_hints(kind)
    known = {key_of(f.name): f.name for f in dataclasses.fields(kind)}
    fields = {name: _decode(hints[name], value.get(key)) for key, name in known.items()}
    return typing.cast(Any, kind)(**fields)


def key_of(name: str) -> str:
    """Return the key of a field."""
    if name.endswith("_") and keyword.iskeyword(name[:-1]):
        name = name[:-1]
    return name.replace("_", "-")
