"""Starts the image's server and asks it what a caller would."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

DEADLINE = 600


def ask(path, data=None, timeout=DEADLINE):
    request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}{path}", data=data, headers={"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as r:
        return r.read()


def wait(server):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if server.poll() is not None:
            sys.exit(f"verify: the server ended with code {server.returncode} before it answered; its own words are above")
        try:
            return ask("/ping", timeout=5)
        except urllib.error.HTTPError as e:
            sys.exit(f"verify: /ping answers {e.code}: {e.read().decode(errors='replace')}")
        except OSError:
            time.sleep(0.05)
    sys.exit(f"verify: the server did not answer /ping within {DEADLINE} s")


def main():
    server = subprocess.Popen(["serve"], start_new_session=True)
    try:
        wait(server)
        if len(sys.argv) > 2:
            with open(sys.argv[2], "rb") as f:
                example = f.read()
            try:
                answer = ask("/invocations", example)
            except urllib.error.HTTPError as e:
                sys.exit(f"verify: /invocations answers {e.code} to the model's saved input {sys.argv[2]}: {e.read().decode(errors='replace')}")
            print("verify: /invocations answers", answer[:200].decode(errors="replace"))
    finally:
        os.killpg(server.pid, signal.SIGKILL)


main()
