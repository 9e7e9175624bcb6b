"""What the server answers is what MLflow's does: with the lean start, without it, and from
MLflow's own app."""

import json
import subprocess
import sys
import unittest

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

    def test_workers(self):
        model = EXAMPLES / "iris" / "model"
        body = (model / "serving_input_example.json").read_bytes()
        with Server(model, workers=2) as server:
            self.assertEqual((200, b'{"predictions": [0, 1, 2]}'), server.ask("POST", "/invocations", body, JSON)[::2])


if __name__ == "__main__":
    unittest.main()
