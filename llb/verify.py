"""Starts the image's server and asks it what a caller would."""

import collections
import json
import os
import re
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
# What is told of a line in one sentence, in characters.
MAX_REASON = 500

# A frame of a traceback, and one that says nothing about a model: of what imports it, or
# of what starts the server.
FRAME = re.compile(r'[ |]*File "')
MACHINERY = re.compile(r'[ |]*File "(<frozen |[^"]*/(deployfile_server|importlib|uvicorn|gunicorn|starlette|asyncio|multiprocessing|click|anyio)/|[^"]*/(bin/serve|(runpy|threading)\.py)")')
# What Python ends a traceback with: the class of the exception, in its module.
EXCEPTION = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*(?:: .*)?)$")
LOADS = re.compile(r"\bload_(model|context|pyfunc)\b")


def fail(message, log=""):
    """Ends the step with a message for the person who waits for it, and the end of the
    server's log."""
    with open("/out/answer/error.json", "w") as f:
        json.dump({"kind": "verify", "message": message, "log": log}, f)
    sys.exit(1)


class Server:
    """The server, its words shown as they come and the last of them kept."""

    def __init__(self):
        self.tail = collections.deque(maxlen=30)
        # The last exception that it died of or told of, and whether it was loading then.
        self.exception, self.loading = "", False
        self.process = subprocess.Popen(["serve"], start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=confined)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        traceback = skipped = False
        while line := self.process.stdout.readline(MAX_LINE):
            if line.rstrip().endswith("Traceback (most recent call last):"):
                traceback, self.loading = True, False
            elif traceback and not line[:1].isspace():
                traceback = False
                if found := EXCEPTION.match(line.rstrip()):
                    self.exception = found.group(1)
            elif traceback and LOADS.search(line):
                self.loading = True
            if FRAME.match(line):
                skipped = bool(MACHINERY.match(line))
            elif not line.startswith("    "):
                skipped = False
            if not skipped:
                self.tail.append(line)
                print(line, end="", flush=True)

    def words(self):
        self.reader.join(timeout=1)
        return "".join(self.tail).rstrip()

    def end(self, code):
        """Why it ended before it answered."""
        self.reader.join(timeout=1)
        if self.exception and self.loading:
            return f"the model cannot be loaded: {self.exception[:MAX_REASON]}"
        if code == -signal.SIGKILL:
            return "the server was killed before it answered, perhaps because the builder has too little memory for the model"
        why = f"the server ended with code {code} before it answered"
        last = self.exception or next((line.strip() for line in reversed(self.tail) if line.strip()), "")
        return f"{why}: {last[:MAX_REASON]}" if last else why

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


def said(error):
    """The message of an answer that is an error, without the trace that some have."""
    text = error.read(MAX_ANSWER).decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text


def wait(server, port, kind):
    """Waits for /ping; of a server of its own kind any answer will do."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if server.process.poll() is not None:
            fail(server.end(server.process.returncode), server.words())
        try:
            ask(port, "/ping", timeout=5)
            return
        except urllib.error.HTTPError as e:
            if kind == "mlflow":
                fail(f"/ping answers {e.code}: {said(e)}", server.words())
            return
        except OSError:
            time.sleep(0.05)
    fail(f"the server did not answer /ping on port {port} within {DEADLINE} s", server.words())


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
                fail(f"/invocations answers {e.code} to the model's saved input {example}: {said(e)}", server.words())
            except OSError as e:
                fail(f"/invocations does not answer the model's saved input {example}: {e}", server.words())
            print("verify: /invocations answers", answer[:200].decode(errors="replace"))
    finally:
        server.stop()


main()
