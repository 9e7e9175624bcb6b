"""Answers what it is asked, to stand in for a server of a user's own."""

import http.server
import os
import sys


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
        else:
            self.answer(200, kind + b": " + body)

    def answer(self, code, body):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


print("the server starts", file=sys.stderr)
http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
