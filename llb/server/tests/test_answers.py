"""What the server answers is what MLflow's does: with the lean start, without it, and from
MLflow's own app."""

import http.client
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

from .. import direct
from .laid import EXAMPLES, Server

JSON = {"Content-Type": "application/json"}


def requests(example):
    """Requests of every kind, wrong ones too."""
    body = (EXAMPLES / example / "model" / "serving_input_example.json").read_bytes()
    split = json.loads(body).get("dataframe_split", {"columns": ["x"], "data": [[1]]})
    rows = "\n".join([",".join(split["columns"])] + [",".join(map(str, row)) for row in split["data"]]).encode()
    return [
        ("GET", "/ping"), ("GET", "/health"), ("GET", "/version"), ("GET", "/openapi.json"), ("GET", "/nothing"), ("GET", "/invocations"),
        ("POST", "/ping", b""), ("POST", "/invocations", body, JSON),
        ("POST", "/invocations", body, {"Content-Type": "application/json; charset=utf-8"}),
        ("POST", "/invocations", body, {"Content-Type": "application/json; charset=latin-1"}),
        ("POST", "/invocations", body, {"Content-Type": "application/json; odd=1"}),
        ("POST", "/invocations", body, {"Content-Type": "text/plain"}),
        ("POST", "/invocations", rows, {"Content-Type": "text/csv"}),
        ("POST", "/invocations", b"\xff", {"Content-Type": "text/csv"}),
        ("POST", "/invocations", b"PAR1", {"Content-Type": "application/vnd.apache.parquet"}),
        ("POST", "/invocations", b"{", JSON), ("POST", "/invocations", b"[1]", JSON), ("POST", "/invocations", b"", JSON),
        ("POST", "/invocations", b"{}", JSON), ("POST", "/invocations", b'{"instances": [[1, 2]]}', JSON),
        ("POST", "/invocations", b'{"inputs": {"a": ["b"]}}', JSON), ("POST", "/invocations", b'{"dataframe_split": 1}', JSON),
        ("POST", "/invocations", json.dumps({**json.loads(body), "params": {"no": 1}}).encode(), JSON),
        ("POST", "/invocations", b'{"dataframe_split": {"columns": ["a"], "data": [["b"]]}}', JSON),
    ]


class OwnServer(Server):
    """MLflow's app as MLflow starts it."""

    def start(self, environment):
        return subprocess.Popen([sys.executable, "-m", "uvicorn", "mlflow.pyfunc.scoring_server.app:app", "--port", str(self.port)],
                                env={**environment, "__pyfunc_model_path__": str(self.model)}, cwd=self.directory.name,
                                stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)


def failing(directory, source):
    """A model whose predictions run some source."""
    path = pathlib.Path(directory) / "model"
    path.mkdir()
    (path / "failing.py").write_text(f"""import mlflow

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        {source}

mlflow.models.set_model(Model())
""")
    (path / "MLmodel").write_text("""flavors:
  python_function:
    loader_module: mlflow.pyfunc.model
    model_code_path: failing.py
    python_version: 3.11.7
""")
    return path


def answers(server, asked):
    with server:
        return [server.ask(*request) for request in asked]


class TestAnswers(unittest.TestCase):
    def test_same_answers(self):
        for example in ("iris", "lightgbm", "pyfunc"):
            model = EXAMPLES / example / "model"
            asked = requests(example)
            want = answers(OwnServer(model), asked)
            self.assertEqual([200], sorted({a[0] for r, a in zip(asked, want) if r[1:] == ("/ping",) or r[2:] == asked[7][2:]}))
            for lean in ("0", "1"):
                got = answers(Server(model, {"DEPLOYFILE_LEAN_START": lean}), asked)
                for request, w, g in zip(asked, want, got):
                    with self.subTest(example=example, lean=lean, request=request):
                        self.assertEqual(w, g)

    def test_same_failures(self):
        """A model that fails, and one that takes longer than a request may."""
        for source, wait in (("raise RuntimeError('it fails')", "60"), ("import time; time.sleep(3)", "1")):
            with tempfile.TemporaryDirectory() as directory:
                model = failing(directory, source)
                got = []
                for server in (OwnServer(model, {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": wait}),
                               Server(model, {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": wait})):
                    got.append(answers(server, [("POST", "/invocations", b'{"inputs": [1]}', JSON), ("GET", "/ping")]))
                with self.subTest(source=source):
                    self.assertEqual(got[0], got[1])
                    self.assertIn(got[0][0][0], (400, 500, 504))
                    self.assertEqual(200, got[0][1][0])

    def test_slow_body(self):
        """A request whose body does not come within the time."""
        got = []
        for server in (OwnServer(EXAMPLES / "iris" / "model", {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "1"}),
                       Server(EXAMPLES / "iris" / "model", {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "1"})):
            with server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as s:
                s.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
                answer = http.client.HTTPResponse(s)
                answer.begin()
                got.append((answer.status, sorted(h for h in answer.getheaders() if h[0] != "date"), answer.read()))
        self.assertEqual(got[0], got[1])
        self.assertEqual(504, got[0][0])

    def test_direct(self):
        """Whether requests get around FastAPI: with the versions that were tested, and
        without telemetry."""
        for versions, environment, want in (({"mlflow": (3, 17)}, {}, True), ({"mlflow": (3, 18)}, {}, False), ({"mlflow": (2, 22)}, {}, False), ({}, {}, False),
                                            ({"mlflow": (3, 17)}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1"}, False)):
            with self.subTest(versions=versions, environment=environment):
                self.assertEqual(want, direct.may(versions, environment))

    def test_workers(self):
        model = EXAMPLES / "iris" / "model"
        body = (model / "serving_input_example.json").read_bytes()
        with Server(model, workers=2) as server:
            self.assertEqual((200, b'{"predictions": [0, 1, 2]}'), server.ask("POST", "/invocations", body, JSON)[::2])


if __name__ == "__main__":
    unittest.main()
