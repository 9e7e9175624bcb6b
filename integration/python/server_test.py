"""What wheel_test.go runs: a model's server that means harm to who asks it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deployfile import Server, _server


class Metadata(BaseHTTPRequestHandler):
    """What is reached from this machine alone."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"secret": 1}')

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Hostile(BaseHTTPRequestHandler):
    """Answers by what it is asked."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200 if asked == "long" else 400 if asked == "escapes" else int(asked))
        if asked.startswith("3"):
            self.send_header("Location", f"http://127.0.0.1:{metadata.server_port}/latest")
        self.end_headers()
        self.wfile.write(b"[" + b" " * 2000 + b"]" if asked == "long" else b"\x1b]0;x\x07\nno")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def refused(asked: str) -> str:
    try:
        answer = server.predict(asked)
    except ValueError as e:
        return str(e)
    raise AssertionError(f"{asked}: {answer}")


metadata, hostile = (ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (Metadata, Hostile))
for one in (metadata, hostile):
    threading.Thread(target=one.serve_forever, daemon=True).start()
server = Server.__new__(Server)
server.url = f"http://127.0.0.1:{hostile.server_port}"
for status in ("301", "302", "303", "307", "308"):
    assert f"answers {status}" in refused(status)
assert not Metadata.asked, Metadata.asked
assert refused("escapes") == "the server answers 400: \ufffd]0;x\ufffd\nno"
_server.MAX_ANSWER = 1000
assert "larger than" in refused("long")
