"""Models of any signature, and requests to the app in front of them."""

import asyncio
import json

from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel

from deployfile_server.v2.app import V2


class Impl:
    """Answers with what answer makes of the data; remembers what it was given."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, data, params=None):
        self.data, self.params = data, params
        return self.answer(data)


class App:
    def __init__(self, inputs=None, outputs=None, params=None, answer=lambda data: [0], hints=False, name="m", version=None):
        signature = ModelSignature(inputs, outputs, params) if inputs or outputs or params else None
        if hints:
            signature._is_signature_from_type_hint = True
        self.impl = Impl(answer)
        model = PyFuncModel(Model(signature=signature, flavors={"python_function": {"loader_module": "none"}}), self.impl)
        self.app = V2(None, model, name, version)

    def ask(self, method, path, body=None, headers=()):
        """The status and the answer, as JSON."""
        sent = []
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def receive():
            return {"type": "http.request", "body": raw}

        async def send(message):
            sent.append(message)
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": list(headers)}
        asyncio.run(self.app(scope, receive, send))

        def refuse(literal):
            raise AssertionError(literal + " is no JSON")
        return sent[0]["status"], json.loads(sent[1]["body"], parse_constant=refuse)

    def infer(self, *tensors, **request):
        return self.ask("POST", "/v2/models/m/infer", {"inputs": list(tensors), **request})


def tensor(name, shape, datatype, data, **parameters):
    return {"name": name, "shape": shape, "datatype": datatype, "data": data, **({"parameters": parameters} if parameters else {})}
