"""Runs the program, and reads its events while it runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterator, Optional, Sequence

from deployfile._cancel import cancelled
from deployfile._decode import decode
from deployfile._program import find_program
from deployfile._progress import default_progress
from deployfile.errors import DeployfileError, error_of
from deployfile.report import Error, Event

OnEvent = Optional[Callable[[Event], None]]

#: How often the events are read, in seconds.
INTERVAL = 0.05


class Run:
    """A run of the program. Leaving the context ends it, and waits for it.

    The program has a process group of its own: a Ctrl-C reaches it once, from here, because a
    second one would stop it while it puts back what a target served.
    """

    def __init__(self, arguments: Sequence[str], on_event: OnEvent = None, stdin: bytes = b"", cwd: str | os.PathLike[str] | None = None) -> None:
        on_event = on_event or default_progress()
        self.results: list[Any] = []
        self.error: Error | None = None
        self._on_event = on_event
        self._rest = b""
        self._told = False
        self._directory = tempfile.TemporaryDirectory(prefix="deployfile-")
        place = Path(self._directory.name)
        # Files rather than pipes: nothing blocks, however much is written.
        for name, data in (("in", stdin), ("events", b""), ("out", b""), ("err", b"")):
            (place / name).write_bytes(data)
        self._events = (place / "events").open("rb")
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        with (place / "in").open("rb") as given, (place / "out").open("wb") as out, (place / "err").open("wb") as err:
            self._process = subprocess.Popen(
                [find_program(), "--events", str(place / "events"), *arguments], stdin=given, stdout=out, stderr=err, cwd=cwd, **options
            )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def step(self) -> bool:
        """Read the events that there are, and report whether the program goes on."""
        code = self._process.poll()
        if code is None and not self._told and cancelled():
            self._told = True
            self.interrupt()
        *lines, self._rest = (self._rest + self._events.read()).split(b"\n")
        for line in lines:
            event = decode(Event, json.loads(line))
            if event.event == "result":
                self.results.append(event.result)
            if event.event == "error":
                self.error = event.error
            if self._on_event is not None:
                self._on_event(event)
        return code is None

    def pause(self) -> None:
        """Wait a moment for more events."""
        time.sleep(INTERVAL)

    def wait(self) -> bytes:
        """Wait for the program, and return its standard output."""
        code, _ = self.end()
        if code != 0:
            raise self.failure(code)
        return self._read("out")

    def end(self) -> tuple[int, list[Any]]:
        """Wait for the program, and return its exit code and its results."""
        try:
            while self.step():
                self.pause()
        except KeyboardInterrupt:
            self.close()
            raise
        self.step()
        return self._process.returncode, self.results

    def failure(self, code: int) -> DeployfileError:
        """Return the exception of an exit code."""
        return error_of(code, self.error or self._silent(code), self.results[-1] if self.results else None)

    def lines(self) -> Iterator[str]:
        """Return the lines of standard output as they come."""
        rest = b""
        with (Path(self._directory.name) / "out").open("rb") as out:
            more = True
            while more:
                more = self.step()
                *whole, rest = (rest + out.read()).split(b"\n")
                yield from (line.decode(errors="replace") for line in whole)
                if more:
                    self.pause()
        if rest:
            yield rest.decode(errors="replace")
        self.wait()

    def interrupt(self) -> None:
        """Hand a Ctrl-C on."""
        if self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Interrupt the program if it runs, and wait for it; its last events are read, too."""
        if self._events.closed:
            return
        self.interrupt()
        while True:
            try:
                while self.step():
                    self.pause()
                break
            except KeyboardInterrupt:
                self.interrupt()  # the second one leaves the target as it is
            except Exception:
                self._on_event = None  # it failed; the program is waited for all the same
        self._events.close()
        self._directory.cleanup()

    def _silent(self, code: int) -> Error:
        text = self._read("err").decode(errors="replace").strip()
        return Error(kind="failed", exit_code=code, message=text or f"the program ended with {code}", severity="error")

    def _read(self, name: str) -> bytes:
        return (Path(self._directory.name) / name).read_bytes()


def invoke(arguments: Sequence[str], on_event: OnEvent = None, stdin: bytes = b"") -> tuple[bytes, list[Any]]:
    """Run the program, and return its standard output and the results of its events."""
    with Run(arguments, on_event, stdin) as run:
        return run.wait(), run.results
