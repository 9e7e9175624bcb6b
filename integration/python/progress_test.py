"""What wheel_test.go runs: progress is drawn with tqdm, else with rich, else not at all."""

import contextlib
import io
import os
import sys
from typing import Any

import deployfile
from deployfile.report import End, Event, Step


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


if __name__ == "__main__":
    os.environ["FORCE_COLOR"] = "1"  # rich draws nothing where there is no terminal
    text = drawn()
    assert "resolve" in text and "1/2" in text and "step" in text, text
    sys.modules["tqdm"] = None  # type: ignore[assignment]
    assert "waiting for prod" in drawn()
    sys.modules["rich"] = None  # type: ignore[assignment]
    assert drawn() == ""
