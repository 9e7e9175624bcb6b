"""Starts the image's server and asks it what a caller would."""

import collections
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

DEADLINE = 600
# What is read of an answer, in bytes.
MAX_ANSWER = 64 << 20
MAX_LINE = 64 << 10


def fail(message):
    """Ends the step with a message for the person who waits for it."""
    print("verify:", message, file=sys.stderr)
    with open("/out/answer/error.json", "w") as f:
        json.dump({"kind": "verify", "message": message}, f)
    sys.exit(1)


class Server:
    """The server, its words shown as they come and the last of them kept."""

    def __init__(self):
        self.tail = collections.deque(maxlen=30)
        self.process = subprocess.Popen(["serve"], start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=confined)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while line := self.process.stdout.readline(MAX_LINE):
            self.tail.append(line)
            print(line, end="", flush=True)

    def words(self):
        self.reader.join(timeout=1)
        return "\n" + "".join(self.tail).rstrip() if self.tail else ""

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended, and so have its children
        # Python aborts when it ends while a thread of it writes.
        self.reader.join(timeout=10)


def ask(port, path, data=None, timeout=DEADLINE):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers={"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as r:
        return r.read(MAX_ANSWER)


def wait(server, port, kind):
    """Waits for /ping; of a server of its own kind any answer will do."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if server.process.poll() is not None:
            fail(f"the server ended with code {server.process.returncode} before it answered{server.words()}")
        try:
            ask(port, "/ping", timeout=5)
            return
        except urllib.error.HTTPError as e:
            if kind == "mlflow":
                fail(f"/ping answers {e.code}: {e.read(MAX_ANSWER).decode(errors='replace')}{server.words()}")
            return
        except OSError:
            time.sleep(0.05)
    fail(f"the server did not answer /ping on port {port} within {DEADLINE} s{server.words()}")


def main():
    kind, port = sys.argv[1:3]
    server = Server()
    try:
        wait(server, port, kind)
        for example in sys.argv[3:]:
            with open(example, "rb") as f:
                data = f.read()
            try:
                answer = ask(port, "/invocations", data)
            except urllib.error.HTTPError as e:
                fail(f"/invocations answers {e.code} to the model's saved input {example}: {e.read(MAX_ANSWER).decode(errors='replace')}{server.words()}")
            except OSError as e:
                fail(f"/invocations does not answer the model's saved input {example}: {e}{server.words()}")
            print("verify: /invocations answers", answer[:200].decode(errors="replace"))
    finally:
        server.stop()


main()
