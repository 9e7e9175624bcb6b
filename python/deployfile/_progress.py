"""Draws events with tqdm or rich, if one of them is there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any, Callable

from deployfile.report import Event


def progress() -> Callable[[Event], None]:
    """Return a function for ``on_event`` that draws the steps with tqdm, else with rich.

    In a notebook it is the default.

    Returns
    -------
    function
        Takes each event. It does nothing if neither of the two packages is installed.

    Examples
    --------
    >>> from deployfile import check, progress
    >>> [finding.rule for finding in check(on_event=progress())]
    ['unlocked-build']
    """
    if importlib.util.find_spec("tqdm") is not None:
        return _Bar(_Tqdm)
    if importlib.util.find_spec("rich") is not None:
        return _Bar(_Rich)
    return lambda event: None


def default_progress() -> Callable[[Event], None] | None:
    """Return what draws where nobody has said so: a bar in a notebook, nothing elsewhere."""
    return progress() if "ipykernel" in sys.modules else None


class _Bar:
    """Draws from the first step to the end."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._drawn: Any = None
        self._known: set[str] = set()
        self._ended: set[str] = set()

    def __call__(self, event: Event) -> None:
        if event.event == "end" and self._drawn is not None:
            self._drawn.close()
            self._drawn = None
        said = event.message
        if event.step is not None:
            said = event.step.name
            self._known.add(event.step.id)
            (self._ended.discard if event.step.state == "running" else self._ended.add)(event.step.id)
        if said:
            self._drawn = self._drawn or self._make()
            self._drawn.show(said, len(self._ended), len(self._known))


class _Tqdm:
    def __init__(self) -> None:
        self._bar = importlib.import_module("tqdm.auto").tqdm(total=0, unit="step", leave=False)

    def show(self, said: str, ended: int, known: int) -> None:
        self._bar.total, self._bar.n = known, ended
        self._bar.set_description_str(said[:60])

    def close(self) -> None:
        self._bar.close()


class _Rich:
    def __init__(self) -> None:
        self._bar = importlib.import_module("rich.progress").Progress(transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def show(self, said: str, ended: int, known: int) -> None:
        self._bar.update(self._task, description=said[:60], completed=ended, total=known)

    def close(self) -> None:
        self._bar.stop()
