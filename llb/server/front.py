"""What stands in front of MLflow's app, where [server] asks for it.

Each part is an app (ASGI) around another, and knows nothing of the others. An answer of its
own has the form of MLflow's errors, or of the Open Inference Protocol's below /v2.
"""

import asyncio
import json
import signal

ALIVE = "/livez"
V2 = "/v2/"


def scores(path):
    return path == "/invocations" or path.startswith(V2) and path.endswith("/infer")


def asks_health(path):
    return path in ("/ping", "/health") or path.startswith(V2) and path.endswith("/ready")


async def refuse(scope, send, status, code, message, headers=()):
    body = json.dumps({"error": message} if scope["path"].startswith(V2) else {"error_code": code, "message": message}).encode()
    await send({"type": "http.response.start", "status": status, "headers": [
        (b"content-length", str(len(body)).encode()), (b"content-type", b"application/json"), *headers]})
    await send({"type": "http.response.body", "body": body})


class Draining:
    """On SIGTERM health checks fail for some seconds, so that no new requests come, before
    the server stops. A second signal stops it at once. That it is alive is asked apart."""

    def __init__(self, app, seconds):
        self.app, self.seconds, self.begun, self.stop = app, seconds, False, None

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            # The server starts, and has set its own handler.
            self.stop = signal.signal(signal.SIGTERM, self.signalled)
        elif scope["type"] == "http" and scope["path"] == ALIVE:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1"), (b"content-type", b"application/json")]})
            return await send({"type": "http.response.body", "body": b"\n"})
        elif self.begun and scope["type"] == "http" and asks_health(scope["path"]):
            return await refuse(scope, send, 503, "TEMPORARILY_UNAVAILABLE", "the server is shutting down")
        return await self.app(scope, receive, send)

    def signalled(self, number, frame):
        if self.begun:
            return self.stop(number, frame)
        self.begun = True
        loop = asyncio.get_running_loop()
        # The loop may be waiting for a request.
        loop.call_soon_threadsafe(loop.call_later, self.seconds, self.stop, number, frame)


class Concurrency:
    """At most so many requests are scored at a time."""

    def __init__(self, app, most):
        self.app, self.most, self.now = app, most, 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not scores(scope["path"]):
            return await self.app(scope, receive, send)
        if self.now >= self.most:
            message = f"the server scores {self.now} requests, which is the most it takes at a time: try again later"
            return await refuse(scope, send, 503, "TEMPORARILY_UNAVAILABLE", message, [(b"retry-after", b"1")])
        self.now += 1
        try:
            return await self.app(scope, receive, send)
        finally:
            self.now -= 1


class BodyLimit:
    """The body of a request has at most so many bytes."""

    def __init__(self, app, most):
        self.app, self.most = app, most

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        length = dict(scope["headers"]).get(b"content-length")
        if length is not None:
            # The server gives the app no more than it says.
            if int(length) > self.most:
                return await self.refuse(scope, send)
            return await self.app(scope, receive, send)
        # Without a length it is read first; MLflow's app would read all of it, too.
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.most:
                return await self.refuse(scope, send)
        read = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def again():
            return read.pop() if read else await receive()
        return await self.app(scope, again, send)

    async def refuse(self, scope, send):
        # What is left of the body is not read, so the connection is of no more use.
        await refuse(scope, send, 413, "BAD_REQUEST", f"the body has more than {self.most} bytes, which is the most the server takes", [(b"connection", b"close")])
