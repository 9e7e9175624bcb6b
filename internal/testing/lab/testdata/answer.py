"""A server that says which packages and environment it runs with."""

import importlib.metadata
import json
import os
import signal
from http.server import BaseHTTPRequestHandler, HTTPServer

# The first process of a container is deaf to signals that it does not handle.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def about():
    packages, modules = {}, {}
    for d in importlib.metadata.distributions(path=["/opt/venv/lib/python3.11/site-packages"]):
        packages[d.name] = d.version
        module = __import__(d.name.replace("-", "_"))
        modules[d.name] = getattr(module, "WORDS", "")
    return {"Packages": packages, "Modules": modules, "Environment": dict(os.environ)}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(about() if self.path == "/about" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
