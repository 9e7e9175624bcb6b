"""Triton's client of the protocol. `make clients` has KServe's and MLServer's."""

import unittest

import numpy as np
from tritonclient import http
from tritonclient.utils import InferenceServerException

from .laid import EXAMPLES, Server


class TestTriton(unittest.TestCase):
    def test_triton(self):
        with Server(EXAMPLES / "iris" / "model", protocols=["v2"], model={"name": "iris", "version": "7"}) as server:
            client = http.InferenceServerClient(f"127.0.0.1:{server.port}")
            self.addCleanup(client.close)
            self.assertTrue(client.is_server_live() and client.is_server_ready() and client.is_model_ready("iris") and client.is_model_ready("iris", "7"))
            self.assertFalse(client.is_model_ready("other"))
            self.assertEqual("mlflow", client.get_server_metadata()["name"])
            described = client.get_model_metadata("iris")
            rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
            columns = []
            for n, spec in enumerate(described["inputs"]):
                columns.append(http.InferInput(spec["name"], [2, 1], spec["datatype"]))
                columns[-1].set_data_from_numpy(rows[:, n:n + 1], binary_data=False)
            matrix = http.InferInput("input-0", [2, 4], "FP32")
            matrix.set_data_from_numpy(rows.astype(np.float32), binary_data=False)
            output = http.InferRequestedOutput("output-0", binary_data=True)
            for inputs, outputs in ((columns, None), ([matrix], None), ([matrix], [output])):
                answer = client.infer("iris", inputs, request_id="a-1", outputs=outputs)
                self.assertEqual(([0, 2], "int64", "a-1"), ((got := answer.as_numpy("output-0")).tolist(), got.dtype.name, answer.get_response()["id"]))
            with self.assertRaisesRegex(InferenceServerException, "unknown version '9'"):
                client.infer("iris", [matrix], model_version="9")
            matrix.set_data_from_numpy(rows.astype(np.float32))
            with self.assertRaisesRegex(InferenceServerException, "binary_data=False"):
                client.infer("iris", [matrix])

    def test_texts(self):
        with Server(EXAMPLES / "pyfunc" / "model", protocols=["v2"], model={"name": "matcher", "version": ""}) as server:
            client = http.InferenceServerClient(f"127.0.0.1:{server.port}")
            self.addCleanup(client.close)
            text = http.InferInput("text", [2], "BYTES")
            text.set_data_from_numpy(np.array(["garden hose", "crème brûlée"], dtype=object), binary_data=False)
            answer = client.infer("matcher", [text], parameters={"cutoff": 10.0})
            self.assertEqual({"number": (2, 1), "name": (2, 1), "score": (2, 1)}, {name: answer.as_numpy(name).shape for name in ("number", "name", "score")})


if __name__ == "__main__":
    unittest.main()
