"""Tables of TOML as dataclasses."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tomllib
import typing
from typing import Any, Union

from deployfile._decode import key_of


class Table:
    """A table of a Deployfile."""

    def as_dict(self) -> dict[str, Any]:
        """Return the table as tomllib has it, without what is None."""
        named = {key_of(f.name): getattr(self, f.name) for f in dataclasses.fields(typing.cast(Any, self))}
        return {key: _plain(value) for key, value in named.items() if value is not None}


class Document(Table):
    """A whole Deployfile. Comments are not kept."""

    @classmethod
    def loads(cls, text: str) -> typing.Self:
        """Return a Deployfile of its text.

        Parameters
        ----------
        text : str
            TOML.

        Returns
        -------
        Deployfile

        Raises
        ------
        tomllib.TOMLDecodeError
            If it is no TOML.
        ValueError
            If it has a key that is none. For all other errors there is deployfile.check.

        Examples
        --------
        >>> from deployfile import Deployfile
        >>> Deployfile.loads('[model]\\nsource = "model"\\n').model.source
        'model'
        """
        document: typing.Self = typed(cls, tomllib.loads(text), "")
        return document

    @classmethod
    def load(cls, path: str | os.PathLike[str] = "Deployfile") -> typing.Self:
        """Return the Deployfile of a file, as loads does."""
        with open(path, encoding="utf-8") as file:
            return cls.loads(file.read())

    def dumps(self) -> str:
        """Return the Deployfile as TOML."""
        return _write(self.as_dict(), []).lstrip("\n")

    def dump(self, path: str | os.PathLike[str] = "Deployfile") -> None:
        """Write the Deployfile to a file."""
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.dumps())


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return value.as_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def typed(kind: Any, value: Any, where: str) -> Any:
    """Return a value of tomllib as a type; where says which table it is."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Union:
        tables = [argument for argument in arguments if dataclasses.is_dataclass(argument)]
        if len(tables) < 2:
            return typed(arguments[0], value, where)
        kinds = {f.default: table for table in tables for f in dataclasses.fields(typing.cast(Any, table)) if f.name == "kind"}
        if not isinstance(value, dict) or value.get("kind") not in kinds:
            raise ValueError(f"{where}: its kind is none of {', '.join(map(str, kinds))}")
        return typed(kinds[value["kind"]], value, where)
    if origin is list and isinstance(value, list):
        return [typed(arguments[0], item, where) for item in value]
    if origin is dict and isinstance(value, dict):
        return {key: typed(arguments[1], item, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    if not dataclasses.is_dataclass(kind):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no table")
    hints = typing.get_type_hints(kind)
    known = {key_of(f.name): f for f in dataclasses.fields(kind)}
    for key in value:
        if key not in known:
            raise ValueError(f'unknown key "{key}" in [{where}]' if where else f'unknown table "{key}"')
    for key, f in known.items():
        if key not in value and f.default is dataclasses.MISSING:
            raise ValueError(f'[{where}] has no "{key}"' if where else f"there is no [{key}]")
    fields = {known[key].name: typed(hints[known[key].name], item, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    return typing.cast(Any, kind)(**fields)


def _write(table: dict[str, Any], path: list[str]) -> str:
    tables = {key: value for key, value in table.items() if isinstance(value, dict) or _is_tables(value)}
    text = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items() if key not in tables)
    if path and (text or not tables):
        text = f"\n[{'.'.join(map(_key, path))}]\n" + text
    for key, value in tables.items():
        if isinstance(value, dict):
            text += _write(value, [*path, key])
        else:
            head = f"\n[[{'.'.join(map(_key, [*path, key]))}]]\n"
            for item in value:
                text += head + "".join(f"{_key(name)} = {_value(inner)}\n" for name, inner in item.items())
    return text


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    """Return a value in one line.

    Examples
    --------
    >>> _value({"a": [True, 1, 0.5, "\\x7f"]})
    '{ a = [true, 1, 0.5, "\\\\u007f"] }'
    """
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        # What JSON escapes TOML has too; it wants U+007F as well, and no surrogates.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
