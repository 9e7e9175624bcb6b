"""How results look in a notebook. Nothing of IPython is imported."""

from __future__ import annotations

import dataclasses
import html
from typing import Any, List, TypeVar

T = TypeVar("T")


class Record:
    """A result that a notebook draws as a table of its fields."""

    def _repr_html_(self) -> str:
        return _table(_fields(self))


class Rows(List[T]):
    """A list of results that a notebook draws as a table with a row for each.

    Examples
    --------
    >>> from deployfile.report import Stop
    >>> Rows([Stop(stopped=True)])._repr_html_()
    '<table><thead><tr><th>stopped</th></tr></thead><tbody><tr><td>True</td></tr></tbody></table>'
    """

    def _repr_html_(self) -> str:
        rows = [_fields(item) for item in self]
        names = list(dict.fromkeys(name for row in rows for name in row))
        head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in names) + "</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Page(str):
    """A page of HTML, which a notebook shows in a frame: it has scripts and styles of its own."""

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{html.escape(self)}" width="100%" height="600" sandbox="allow-scripts" frameborder="0"></iframe>'


class Graph(str):
    """A graph in the language of Mermaid, which JupyterLab 4.1 and later draw."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/vnd.mermaid": str(self), "text/plain": str(self)}


def _fields(value: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(value):
        return {"": value}
    named = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return {name: item for name, item in named.items() if item is not None}


def _table(fields: dict[str, Any]) -> str:
    return "<table>" + "".join(f"<tr><th>{html.escape(name)}</th><td>{_cell(value)}</td></tr>" for name, value in fields.items()) + "</table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Record):
        return value._repr_html_()
    if isinstance(value, dict):
        return _table(value)
    if isinstance(value, list):
        if value and isinstance(value[0], Record):
            return Rows(value)._repr_html_()
        return "<br>".join(_cell(item) for item in value)
    return html.escape(str(value))
