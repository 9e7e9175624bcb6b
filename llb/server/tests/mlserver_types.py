"""MLServer's types and codecs against the server: `make clients`. The types are made from
the protocol's own OpenAPI document. They need packages that cannot be installed beside
MLflow's, nor loaded beside KServe's."""

import json
import unittest

import numpy as np
import pandas as pd
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, PandasCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse

from .laid import EXAMPLES, Server

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])


class TestMLServer(unittest.TestCase):
    def infer(self, server, name, request: InferenceRequest):
        status, _, body = server.ask("POST", f"/v2/models/{name}/infer", request.model_dump_json(exclude_none=True).encode(), {"Content-Type": "application/json"})
        self.assertEqual(200, status, body)
        return InferenceResponse.model_validate_json(body)

    def test_mlserver(self):
        with Server(EXAMPLES / "iris" / "model", protocols=["v2"], model={"name": "iris", "version": ""}) as server:
            MetadataServerResponse.model_validate_json(server.ask("GET", "/v2")[2])
            described = MetadataModelResponse.model_validate_json(server.ask("GET", "/v2/models/iris")[2])
            table = pd.DataFrame(ROWS, columns=[tensor.name for tensor in described.inputs])
            for request in (PandasCodec.encode_request(table), NumpyRequestCodec.encode_request(ROWS)):
                # As an array MLflow refuses it, in MLServer too; without a content type it is a table.
                if request.parameters.content_type == "np":
                    request.parameters = None
                answer = self.infer(server, "iris", request)
                self.assertEqual([0, 2], NumpyCodec.decode_output(answer.outputs[0]).tolist())

    def test_texts(self):
        with Server(EXAMPLES / "pyfunc" / "model", protocols=["v2"], model={"name": "matcher", "version": ""}) as server:
            request = PandasCodec.encode_request(pd.DataFrame({"text": ["garden hose", "crème brûlée"]}))
            answer = self.infer(server, "matcher", request)
            want = json.loads(server.ask("POST", "/invocations", json.dumps({"dataframe_split": {"columns": ["text"], "data": [["garden hose"], ["crème brûlée"]]}}).encode(),
                                         {"Content-Type": "application/json"})[2])["predictions"]
            got = PandasCodec.decode_response(answer)
            self.assertEqual([row["number"] for row in want], got["number"].tolist())
            names = next(tensor for tensor in answer.outputs if tensor.name == "name")
            self.assertEqual([row["name"] for row in want], StringCodec.decode_output(names))

if __name__ == "__main__":
    unittest.main()
