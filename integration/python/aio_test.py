"""What wheel_test.go runs: the functions for asyncio. aio_test.py PROJECT"""

import asyncio
import os
import sys
import tempfile
import threading
import time

from deployfile import aio


async def results(project: str) -> None:
    """The twins return what the functions do, at the same time, with events in the loop's thread."""
    threads: list[threading.Thread] = []
    found, version = await asyncio.gather(aio.check(project, on_event=lambda e: threads.append(threading.current_thread())), aio.version())
    assert [f.rule for f in found] == ["unlocked-build"], found
    assert version.platform
    await asyncio.sleep(0)
    assert set(threads) == {threading.current_thread()}, threads


async def cancels() -> None:
    """A task that is cancelled hands it on, and waits for the program."""
    with tempfile.TemporaryDirectory() as directory:
        said = fake(directory, "for i in $(seq 100); do sleep 0.1; done")
        task = asyncio.create_task(aio.deploy("prod"))
        await asyncio.sleep(1)
        task.cancel()
        await refused(task)
        assert open(said).read() == "put back\n"


async def follows() -> None:
    """Lines come while the program runs, and closing the iterator ends it."""
    with tempfile.TemporaryDirectory() as directory:
        said = fake(directory, "echo one; echo two; for i in $(seq 100); do sleep 0.1; done")
        lines = aio.follow_logs("prod")
        began = time.monotonic()
        assert [await anext(lines), await anext(lines)] == ["one", "two"]
        assert time.monotonic() - began < 5
        await lines.aclose()
        assert open(said).read() == "put back\n"


async def refused(task: "asyncio.Task[object]") -> None:
    try:
        await task
    except asyncio.CancelledError:
        return
    raise AssertionError("the task was not cancelled")


def fake(directory: str, does: str) -> str:
    program, said = os.path.join(directory, "program"), os.path.join(directory, "said")
    with open(program, "w") as f:
        f.write(f"#!/bin/sh\ntrap 'sleep 0.5; echo put back >>{said}; exit 130' INT\n{does}\n")
    os.chmod(program, 0o755)
    os.environ["DEPLOYFILE_PROGRAM"] = program
    return said


async def main(project: str) -> None:
    await results(project)
    chosen = os.environ.get("DEPLOYFILE_PROGRAM")
    await cancels()
    await follows()
    os.environ.pop("DEPLOYFILE_PROGRAM")
    if chosen:
        os.environ["DEPLOYFILE_PROGRAM"] = chosen


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
