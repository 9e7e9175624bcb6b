"""Hands the cancellation of a task on to the thread that runs the program for it."""

from __future__ import annotations

import contextvars
import threading

# A context variable, because nothing else reaches a function that another thread calls.
_flag: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("deployfile-cancelled", default=None)


def cancelled() -> bool:
    """Report whether the task that this thread works for is cancelled."""
    flag = _flag.get()
    return flag is not None and flag.is_set()


def cancellable() -> threading.Event:
    """Return what cancels the programs that are run in this context."""
    flag = threading.Event()
    _flag.set(flag)
    return flag
