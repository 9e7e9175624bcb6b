"""The server's files as an image has them."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
# Has MLflow; a client's own may not.
PYTHON = os.environ.get("DEPLOYFILE_TEST_PYTHON", sys.executable)


def lay(directory, **server):
    """Puts the start command into a directory; returns its path."""
    directory = pathlib.Path(directory)
    (directory / "bin").mkdir()
    (directory / "lib" / "deployfile").mkdir(parents=True)
    (directory / "bin" / "serve").write_text((ROOT / "llb" / "serve.py").read_text())
    (directory / "serve.json").write_text(json.dumps({"kind": "mlflow", "port": 8080, "workers": 1, **server}))
    (directory / "lib" / "deployfile" / "deployfile_server").symlink_to(ROOT / "llb" / "server")
    return str(directory / "bin" / "serve")


class Server:
    """A server of a model, while it is entered."""

    def __init__(self, model, environment=None, /, **server):
        self.model, self.environment, self.server = model, environment or {}, server

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.log = open(os.path.join(self.directory.name, "log"), "a")
        environment = {
            **os.environ, "PORT": str(self.port), "MODEL_PATH": str(self.model), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
            "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": "sqlite:///" + self.directory.name + "/mlflow.db", **self.environment}
        self.process = self.start(environment)
        deadline = time.monotonic() + 120
        while True:
            try:
                self.ask("GET", "/ping")
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    text = self.said()
                    self.__exit__()
                    raise AssertionError("the server does not answer:\n" + text)
                time.sleep(0.05)

    def start(self, environment):
        return subprocess.Popen([PYTHON, lay(self.directory.name, **self.server)], env=environment, cwd=self.directory.name,
                                stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()
        self.directory.cleanup()

    def said(self):
        with open(self.log.name) as f:
            return f.read()

    def ask(self, method, path, body=None, headers=None, timeout=30):
        """The status, the headers without the date, and the body of an answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, method=method, headers=headers or {})
        try:
            answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout)
        except urllib.error.HTTPError as e:
            answer = e
        with answer:
            kept = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
            return answer.status, kept, answer.read()
