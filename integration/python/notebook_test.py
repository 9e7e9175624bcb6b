"""What wheel_test.go runs: how results and progress look in a notebook."""

import contextlib
import io
import os
import sys
import types
from typing import Any

import deployfile
from deployfile._progress import default_progress
from deployfile._show import Graph, Page, Rows
from deployfile.report import Edit, End, Event, Finding, Position, Range, Step


def event(kind: str, **values: Any) -> Event:
    return Event(event=kind, time="2026-01-01T00:00:00Z", **values)


def step(name: str, state: str) -> Event:
    return event("step", step=Step(id=name, name=name, state=state))


EVENTS = [
    event("begin"), step("resolve", "running"), step("resolve", "done"), step("install", "running"),
    event("message", message="waiting for prod"), event("end", end=End(exit_code=0)),
]


def drawn() -> str:
    with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(io.StringIO()) as out:
        show = deployfile.progress()
        for one in EVENTS:
            show(one)
    return err.getvalue() + out.getvalue()


def progress() -> None:
    """Progress is drawn with tqdm, else with rich, else not at all; unasked only in a notebook."""
    assert default_progress() is None
    sys.modules["ipykernel"] = types.ModuleType("ipykernel")
    assert default_progress() is not None
    text = drawn()
    assert "resolve" in text and "1/2" in text and "step" in text, text
    os.environ["FORCE_COLOR"] = "1"  # rich draws nothing where there is no terminal
    sys.modules["tqdm"] = None  # type: ignore[assignment]
    assert "waiting for prod" in drawn()
    sys.modules["rich"] = None  # type: ignore[assignment]
    assert drawn() == ""


def results() -> None:
    """Results are tables, in which what others have written is text and no more."""
    place = Range(start=Position(line=1, column=1), end=Position(line=1, column=2))
    shown = Rows([Finding(kind="model", rule="<b>", severity="warning", message="a & b", file="Deployfile", range=place)])._repr_html_()
    assert "<td>&lt;b&gt;</td>" in shown and "<td>a &amp; b</td>" in shown and "<th>rule</th>" in shown, shown
    one = Edit(file="Deployfile", changed=True, changes=["<i>", "b"])._repr_html_()
    assert "<th>changes</th><td>&lt;i&gt;<br>b</td>" in one, one
    page = Page('<p title="x">')._repr_html_()
    assert 'srcdoc="&lt;p title=&quot;x&quot;&gt;"' in page and 'sandbox="allow-scripts"' in page, page
    assert Graph("graph TD")._repr_mimebundle_()["text/vnd.mermaid"] == "graph TD"


if __name__ == "__main__":
    results()
    progress()
