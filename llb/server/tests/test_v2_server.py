"""The Open Inference Protocol of a server, beside MLflow's, behind its limits."""

import json
import os
import signal
import time
import unittest

from .laid import EXAMPLES, Server
from .test_answers import requests
from .v2model import tensor

JSON = {"Content-Type": "application/json"}
V2 = {"protocols": ["v2"]}


def saved(example):
    """The saved input of an example in both protocols."""
    body = (EXAMPLES / example / "model" / "serving_input_example.json").read_bytes()
    parsed = json.loads(body)
    columns = zip(*parsed["dataframe_split"]["data"])
    inputs = [tensor(name, [len(values)], "BYTES" if isinstance(values[0], str) else "FP64", list(values))
              for name, values in zip(parsed["dataframe_split"]["columns"], columns)]
    return body, json.dumps({"inputs": inputs, "parameters": parsed.get("params", {})}).encode()


class TestServer(unittest.TestCase):
    def test_same_model(self):
        """Both protocols have the same answer, and MLflow's is the same without the other."""
        for example in ("iris", "lightgbm", "pyfunc"):
            model, (body, inputs) = EXAMPLES / example / "model", saved(example)
            asked = requests(example)
            with Server(model) as server:
                want = [server.ask(*request) for request in asked]
            with Server(model, model={"name": example, "version": ""}, **V2) as server, self.subTest(example):
                self.assertEqual(want, [server.ask(*request) for request in asked])
                predictions = json.loads(server.ask("POST", "/invocations", body, JSON)[2])["predictions"]
                status, headers, answer = server.ask("POST", f"/v2/models/{example}/versions/1/infer", inputs, JSON)
                self.assertEqual((200, "application/json"), (status, headers["content-type"]))
                outputs = json.loads(answer)["outputs"]
                if isinstance(predictions[0], dict):
                    rows = [dict(zip([o["name"] for o in outputs], row)) for row in zip(*(o["data"] for o in outputs))]
                else:
                    [rows] = [o["data"] for o in outputs]
                self.assertEqual(predictions, [{k: v if v != "NaN" else None for k, v in row.items()} if isinstance(row, dict) else row for row in rows])

    def test_limits(self):
        _, inputs = saved("iris")
        named = {"model": {"name": "iris", "version": ""}, **V2}
        with Server(EXAMPLES / "iris" / "model", metrics=True, log="json", **named, **{"max-body": len(inputs), "drain-seconds": 2}) as server:
            self.assertEqual(200, server.ask("POST", "/v2/models/iris/infer", inputs)[0])
            # Slashes more make no other path.
            for path in ("/v2/models/iris/infer/", "/v2/models/iris//infer//", "/v2/models/iris/%69nfer/"):
                self.assertEqual(200, server.ask("POST", path, inputs)[0])
                self.assertEqual(413, server.ask("POST", path, inputs + b" ")[0], path)
            status, headers, answer = server.ask("POST", "/v2/models/iris/infer", inputs + b" ")
            self.assertEqual((413, ["error"]), (status, list(json.loads(answer))))
            self.assertIn("x-request-id", headers)
            metrics = server.ask("GET", "/metrics")[2].decode()
            self.assertIn('deployfile_requests_total{path="/v2/infer",status="413"} 4\n', metrics)
            os.kill(server.process.pid, signal.SIGTERM)
            time.sleep(0.5)
            for path in ("/v2/health/ready", "/v2/models/iris/ready", "/v2/models/iris/ready/"):
                status, _, answer = server.ask("GET", path)
                self.assertEqual((503, ["error"]), (status, list(json.loads(answer))))
            self.assertEqual(200, server.ask("GET", "/v2/health/live")[0])
            server.process.wait(timeout=10)

    def test_named(self):
        with Server(EXAMPLES / "iris" / "model", {"MODEL_NAME": "iris-serving"}, docs="model", model={"name": "iris", "version": ""}, **V2) as server:
            self.assertEqual((200, 404), (server.ask("GET", "/v2/models/iris-serving/ready")[0], server.ask("GET", "/v2/models/iris/ready")[0]))
            self.assertIn("/v2/models/iris-serving/infer", json.loads(server.ask("GET", "/openapi.json")[2])["paths"])

    def test_off(self):
        with Server(EXAMPLES / "iris" / "model") as server:
            self.assertEqual((404, b'{"detail":"Not Found"}'), server.ask("GET", "/v2")[::2])


if __name__ == "__main__":
    unittest.main()
