"""KServe's client of the Open Inference Protocol: `make clients`. It needs packages that
cannot be installed beside MLflow's."""

import asyncio
import unittest

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

from .laid import EXAMPLES, Server

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])


class TestKServe(unittest.TestCase):
    def test_kserve(self):
        with Server(EXAMPLES / "iris" / "model", protocols=["v2"], model={"name": "iris", "version": ""}) as server:
            asyncio.run(self.asked(f"http://127.0.0.1:{server.port}"))

    async def asked(self, address):
        client = InferenceRESTClient(RESTConfig(protocol="v2", retries=1, timeout=60))
        self.assertTrue(await client.is_server_live(address) and await client.is_server_ready(address) and await client.is_model_ready(address, "iris"))
        matrix = InferInput("input-0", [2, 4], "FP64")
        matrix.set_data_from_numpy(ROWS, binary_data=False)
        answer = await client.infer(address, InferRequest(model_name="iris", infer_inputs=[matrix]), model_name="iris")
        self.assertEqual([0, 2], answer.outputs[0].as_numpy().tolist())
        matrix.set_data_from_numpy(ROWS, binary_data=True)
        with self.assertRaisesRegex(Exception, "binary_data=False"):
            await client.infer(address, InferRequest(model_name="iris", infer_inputs=[matrix]), model_name="iris")
        await client.close()

if __name__ == "__main__":
    unittest.main()
