#!/usr/bin/env python3
"""Starts a command when an MLflow server says that an alias was set.

    MLFLOW_WEBHOOK_SECRET=… webhook.py [ADDRESS:]PORT COMMAND [ARGUMENT…]

The server signs what it sends with the secret of its webhook. A message without that
signature, or older than five minutes, starts nothing. The command runs once at a time; while
it runs, any number of messages start it once more. Its environment lacks the secret. Put a
proxy in front that speaks https.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import sys
import threading
import time

MAX_BODY = 1 << 20
MAX_AGE = 300
secret = os.environ.pop("MLFLOW_WEBHOOK_SECRET", "").encode()
moved = threading.Event()


def signed(headers, body):
    """Whether the server has signed a message, lately."""
    sent = headers.get("X-MLflow-Timestamp", "")
    if not sent.isdecimal() or abs(time.time() - int(sent)) > MAX_AGE:
        return False
    text = f"{headers.get('X-MLflow-Delivery-Id', '')}.{sent}.".encode() + body
    want = "v1," + base64.b64encode(hmac.digest(secret, text, hashlib.sha256)).decode()
    return hmac.compare_digest(want.encode(), headers.get("X-MLflow-Signature", "").encode())


class Webhook(http.server.BaseHTTPRequestHandler):
    timeout = 30

    def do_POST(self):
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal() or int(size) > MAX_BODY:
            return self.answer(413)
        body = self.rfile.read(int(size))
        if not signed(self.headers, body):
            return self.answer(401)
        try:
            message = json.loads(body)
            event = f"{message['entity']}.{message['action']}"
        except (ValueError, KeyError, TypeError):
            return self.answer(400)
        if event == "model_version_alias.created":
            moved.set()
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


def run(command):
    while True:
        moved.wait()
        moved.clear()
        code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
        print(f"{command[0]} ended with {code}", file=sys.stderr, flush=True)


def main():
    if len(sys.argv) < 3 or not secret:
        sys.exit(__doc__)
    address, _, port = sys.argv[1].rpartition(":")
    threading.Thread(target=run, args=(sys.argv[2:],), daemon=True).start()
    http.server.ThreadingHTTPServer((address or "127.0.0.1", int(port)), Webhook).serve_forever()


main()
