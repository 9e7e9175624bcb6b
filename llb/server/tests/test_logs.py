import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from .laid import EXAMPLES, Server, lay
from deployfile_server import metrics

JSON = {"Content-Type": "application/json"}
IRIS = EXAMPLES / "iris" / "model"
BODY = (IRIS / "serving_input_example.json").read_bytes()
MODEL = """
import logging, warnings
from mlflow.pyfunc.model import PythonModel
from mlflow.models import set_model
class Talks(PythonModel):
    def predict(self, context, model_input, params=None):
        logging.getLogger("mine").warning("said %s", "a\\nline")
        warnings.warn("careful")
        return [1]
set_model(Talks())
"""


class TestLogs(unittest.TestCase):
    def test_json(self):
        with tempfile.TemporaryDirectory() as directory:
            model = pathlib.Path(directory)
            (model / "talks.py").write_text(MODEL)
            (model / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: talks.py\n")
            with Server(model, log="json") as server:
                _, headers, _ = server.ask("POST", "/invocations", b'{"inputs": [1]}', {**JSON, "X-Request-ID": "abc-1"})
                self.assertEqual("abc-1", headers["x-request-id"])
                for odd in ("a b", "x" * 129, 'a"'):
                    new = server.ask("GET", "/nothing", None, {"X-Request-ID": odd})[1]["x-request-id"]
                    self.assertRegex(new, "^[0-9a-f]{32}$")
                text = server.said()
        lines = []
        for line in text.splitlines():
            self.assertEqual("{", line[:1], text)
            lines.append(json.loads(line))
        self.assertIn("Application startup complete.", [line["message"] for line in lines])
        of = [line for line in lines if line.get("request-id") == "abc-1"]
        self.assertEqual(["mine", "py.warnings", "deployfile.access"], [line["logger"] for line in of])
        self.assertEqual("said a\nline", of[0]["message"])
        self.assertEqual(("POST", "/invocations", 200), (of[2]["method"], of[2]["path"], of[2]["status"]))
        self.assertLess(of[2]["seconds"], 10)
        self.assertEqual([404], sorted({line["status"] for line in lines if line.get("path") == "/nothing"}))
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_text_by_default(self):
        with Server(IRIS) as server:
            self.assertNotIn("x-request-id", server.ask("GET", "/version")[1])
            self.assertEqual(404, server.ask("GET", "/metrics")[0])
            self.assertEqual(404, server.ask("GET", "/livez")[0])
            self.assertIn('"GET /version HTTP/1.1" 200', server.said())


class TestMetrics(unittest.TestCase):
    def test_metrics(self):
        with Server(IRIS, metrics=True, model={"name": 'a"b\\', "version": "1"}, **{"max-body": 500}) as server:
            asked = [("POST", "/invocations", BODY, JSON)] * 3 + [("POST", "/invocations", b"{", JSON), ("POST", "/invocations", b" " * 501, JSON), ("GET", "/a"), ("GET", "/b")]
            for request in asked:
                server.ask(*request)
            status, headers, text = server.ask("GET", "/metrics")
        self.assertEqual((200, "text/plain; version=0.0.4; charset=utf-8"), (status, headers["content-type"]))
        text = text.decode()
        for line in ('deployfile_requests_total{path="/invocations",status="200"} 3', 'deployfile_requests_total{path="/invocations",status="400"} 1',
                     'deployfile_requests_total{path="/invocations",status="413"} 1', 'deployfile_requests_total{path="other",status="404"} 2',
                     "deployfile_requests_in_flight 0", 'deployfile_request_seconds_bucket{path="/invocations",le="+Inf"} 5',
                     'deployfile_request_seconds_count{path="/invocations"} 5', 'deployfile_model_info{name="a\\"b\\\\",version="1",mlflow_version='):
            self.assertIn("\n" + line, text)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)+\})? [0-9.e+-]+)$')

    def test_buckets(self):
        m = metrics.Metrics(None, {})
        for seconds in (0.001, 0.005, 0.006, 100):
            m.count("/ping", 200, seconds)
        text = "".join(m.text())
        for most, n in (("0.005", 2), ("0.01", 3), ("60", 3), ("+Inf", 4)):
            self.assertIn(f'deployfile_request_seconds_bucket{{path="/ping",le="{most}"}} {n}\n', text)


class TestEnd(unittest.TestCase):
    def test_model_that_does_not_load(self):
        for workers in (1, 2):
            with self.subTest(workers=workers), tempfile.TemporaryDirectory() as directory:
                model = pathlib.Path(directory) / "model"
                model.mkdir()
                (model / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: nothing_here\n")
                done = subprocess.run([sys.executable, lay(directory, workers=workers)], env={**os.environ, "PORT": "0", "MODEL_PATH": str(model)},
                                      cwd=directory, capture_output=True, text=True, timeout=120)
                self.assertNotEqual(0, done.returncode)
                self.assertIn("No module named 'nothing_here'", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main()
