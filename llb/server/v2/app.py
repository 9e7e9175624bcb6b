"""The protocol's paths, as an app (ASGI) in front of MLflow's.

https://github.com/kserve/open-inference-protocol has the specification.
"""

import asyncio
import json
import logging
from urllib.parse import unquote

from mlflow.environment_variables import MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT
from mlflow.exceptions import MlflowException
from mlflow.version import VERSION

from . import inputs, metadata, outputs
from .errors import Refused

LOG = logging.getLogger(__name__)


class V2:
    """Answers what is below /v2, with one model of one version."""

    def __init__(self, app, model, name, version):
        self.app, self.model = app, model
        self.name, self.version = metadata.named(name, version)
        self.metadata = metadata.of(name, self.version, model.metadata)
        self.timeout = MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT.get()

    async def __call__(self, scope, receive, send):
        # Names may have slashes, so the path is taken apart before it is decoded.
        path = [unquote(part) for part in scope["raw_path"].decode("latin-1").split("/")[1:]] if scope["type"] == "http" else []
        if path[:1] != ["v2"]:
            return await self.app(scope, receive, send)
        try:
            method, answer = self.route([part for part in path[1:] if part])
            if scope["method"] != method:
                raise Refused(f"{scope['path']} is for {method}", 405, [(b"allow", method.encode())])
            body = await answer(scope, receive)
            if body is None:
                return None
            await respond(send, 200, body)
        except Refused as e:
            await respond(send, e.status, json.dumps({"error": e.message}), e.headers)

    def route(self, path):
        """The method of a path, and what answers."""
        if not path:
            return "GET", constant({"name": "mlflow", "version": VERSION, "extensions": []})
        if path == ["health", "live"]:
            return "GET", constant({"live": True})
        if path == ["health", "ready"]:
            # The specification says live here, and every server says ready.
            return "GET", constant({"live": True, "ready": True})
        if path[0] == "models" and len(path) > 1:
            rest = path[2:]
            if path[1] != self.name:
                raise Refused(f"unknown model {path[1]!r}: the model is {self.name!r}", 404)
            if rest[:1] == ["versions"] and len(rest) > 1:
                if rest[1] != self.version:
                    raise Refused(f"unknown version {rest[1]!r}: the version is {self.version!r}", 404)
                rest = rest[2:]
            if not rest:
                return "GET", constant(self.metadata)
            if rest == ["ready"]:
                return "GET", constant({"name": self.name, "ready": True})
            if rest == ["infer"]:
                return "POST", self.infer
        raise Refused("no such path in the Open Inference Protocol", 404)

    async def infer(self, scope, receive):
        headers = dict(scope["headers"])
        if b"inference-header-content-length" in headers:
            raise Refused("the binary tensor data extension is not supported: send the tensors as JSON (binary_data=False)")
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise Refused("a compressed body is not supported", 415)
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
        try:
            return await asyncio.wait_for(asyncio.to_thread(self.scored, bytes(body)), timeout=self.timeout)
        except (asyncio.TimeoutError, TimeoutError):
            raise Refused("Request processing time exceeded limit", 504) from None

    def scored(self, body):
        request = inputs.read(body, self.metadata["inputs"])
        try:
            data, params = inputs.for_model(request, self.model.metadata)
            prediction = self.model.predict(data, params=params)
        except MlflowException as e:
            raise Refused(e.message, e.get_http_status_code()) from e
        except Refused:
            raise
        except Exception as e:
            LOG.exception("the model failed")
            raise Refused(f"the model failed: {type(e).__name__}: {e}", 500) from e
        answer = {"model_name": self.name, "model_version": self.version}
        if request.id is not None:
            answer["id"] = request.id
        try:
            answer["outputs"] = outputs.of(prediction, self.model.metadata.get_output_schema(), request.outputs)
            return json.dumps(answer, allow_nan=False)
        except (TypeError, ValueError) as e:
            LOG.exception("the model's answer cannot be encoded")
            raise Refused(f"the model's answer cannot be encoded: {e}", 500) from e


def constant(value):
    async def answer(scope, receive):
        return json.dumps(value)
    return answer


async def respond(send, status, body, headers=()):
    body = body.encode()
    await send({"type": "http.response.start", "status": status, "headers": [
        (b"content-length", str(len(body)).encode()), (b"content-type", b"application/json"), *headers]})
    await send({"type": "http.response.body", "body": body})
