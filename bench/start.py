"""Starts the command of an image and prints what passes until it has answered.

Usage: start.py RESULT REQUEST PORT COMMAND...
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request


def main():
    result, request, port, *command = sys.argv[1:]
    with open(request, "rb") as f:
        body = f.read()
    ask = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", data=body, headers={"Content-Type": "application/json"})
    start = time.monotonic()
    server = subprocess.Popen(command, start_new_session=True)
    while True:
        try:
            with urllib.request.urlopen(ask, timeout=60) as r:
                answer = r.read().decode()
            break
        except urllib.error.HTTPError as e:
            # nginx answers before the server behind it.
            if e.code != 502:
                raise
        except OSError:
            pass
        if server.poll() is not None or time.monotonic() - start > 120:
            sys.exit("the server does not answer")
        time.sleep(0.01)
    seconds = time.monotonic() - start
    os.killpg(server.pid, signal.SIGKILL)
    with open(result, "w") as f:
        json.dump({"seconds": seconds, "answer": answer}, f)


main()
