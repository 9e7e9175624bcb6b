"""What api_test.go runs in an environment with the wheel alone: api_test.py PROJECT."""

import os
import pickle
import signal
import sys
import tempfile
import threading

import deployfile
from deployfile.report import Event


def check(project: str) -> None:
    found = deployfile.check(project)
    assert [f.rule for f in found] == ["unlocked-build"], found
    events: list[Event] = []
    assert deployfile.check(project, on_event=events.append) == found
    assert [e.event for e in events] == ["begin", "result", "end"], events


def errors(project: str) -> None:
    wrong = os.path.join(project, "Wrong")
    with open(wrong, "w") as f:
        f.write('[model]\nsorce = "model"\n')
    try:
        deployfile.build(project, file=wrong)
    except deployfile.InputError as e:
        assert (e.error.line, e.error.column, e.error.text) == (2, 1, 'sorce = "model"'), e.error
        assert 'did you mean "source"?' in str(e)
        copy = pickle.loads(pickle.dumps(e))
        assert (type(copy), str(copy), copy.error) == (type(e), str(e), e.error)
    else:
        raise AssertionError("a wrong Deployfile is built")
    try:
        deployfile.schema(of="no-such-command")
    except deployfile.UsageError as e:
        assert e.error.exit_code == 2
    else:
        raise AssertionError("an unknown command is taken")


def interrupt() -> None:
    """A Ctrl-C is handed on once, and the program is waited for."""
    events: list[str | None] = []
    directory = tempfile.mkdtemp()
    program, said = os.path.join(directory, "program"), os.path.join(directory, "said")
    event = '{"event": "message", "time": "", "message": "put back"}'
    with open(program, "w") as f:
        f.write(f"#!/bin/sh\ntrap 'sleep 0.5; echo put back >>{said}; cat {said}.json >>$2; exit 130' INT\nfor i in $(seq 100); do sleep 0.1; done\n")
    with open(said + ".json", "w") as f:
        f.write(event + "\n")
    os.chmod(program, 0o755)
    os.environ["DEPLOYFILE_PROGRAM"] = program
    threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        deployfile.deploy("prod", on_event=lambda e: events.append(e.message))
    except KeyboardInterrupt:
        with open(said) as f:
            assert f.read() == "put back\n"
        assert events == ["put back"], events
    else:
        raise AssertionError("deploy was not interrupted")
    finally:
        del os.environ["DEPLOYFILE_PROGRAM"]


if __name__ == "__main__":
    check(sys.argv[1])
    errors(sys.argv[1])
    interrupt()
