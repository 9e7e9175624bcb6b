"""Answers what it is asked, to stand in for a server of a user's own."""

import http.server
import os
import socket
import sys
import threading


def try_to(verb, *args):
    """What a hostile model might try, and what came of it."""
    try:
        if verb == "status":
            lines = open("/proc/self/status").read().splitlines()
            return " ".join("".join(line.split()) for line in lines if line.startswith(("NoNewPrivs", "Cap")))
        if verb == "connect":
            socket.create_connection((args[0], int(args[1])), 5).close()
        if verb == "threads":
            for _ in range(int(args[0])):
                threading.Thread(target=threading.Event().wait, daemon=True).start()
        if verb == "memory":
            bytearray(os.urandom(1)) * int(args[0])
        return "done"
    except Exception as e:
        return f"{type(e).__name__}: {e}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path == "/ping" else 404, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"].encode()
        if body.startswith(b"bad"):
            self.answer(400, b'{"error_code": "BAD_REQUEST", "message": "that is no input"}')
        elif body.startswith(b"die"):
            os._exit(7)
        elif body.startswith(b"try "):
            self.answer(200, try_to(*body.decode().split()[1:]).encode())
        else:
            self.answer(200, kind + b": " + body)

    def answer(self, code, body):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


print("the server starts", file=sys.stderr)
http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
