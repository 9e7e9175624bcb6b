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
    return path == "/invocations" or below_v2(path, "/infer")


def asks_health(path):
    return path in ("/ping", "/health") or below_v2(path, "/ready")


def below_v2(path, end):
    """Whether a path is of the Open Inference Protocol, where slashes at its end are ignored."""
    return path.startswith(V2) and path.rstrip("/").endswith(end)


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


class Scoring:
    """Bodies have at most so many bytes, and so many requests are scored at a time; None is
    any number. A body is read first, within some seconds, so that a client that sends it
    slowly takes no place meanwhile."""

    def __init__(self, app, bytes, requests, seconds):
        self.app, self.bytes, self.requests, self.seconds, self.now = app, bytes, requests, seconds, 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not scores(scope["path"]):
            return await self.app(scope, receive, send)
        if self.busy():
            return await self.later(scope, send)
        # A chunked body has the length that it has, whatever the header says besides.
        if self.exceeds(int(dict(scope["headers"]).get(b"content-length", 0))):
            return await self.too_long(scope, send)
        try:
            body = await asyncio.wait_for(self.body(receive), self.seconds)
        except asyncio.TimeoutError:
            return await last(scope, send, 408, f"the body did not come within {self.seconds:g} seconds")
        if body is None:
            return None
        if self.exceeds(len(body)):
            return await self.too_long(scope, send)
        if self.busy():
            return await self.later(scope, send)
        read = [{"type": "http.request", "body": bytes(body), "more_body": False}]
        del body

        async def again():
            return read.pop() if read else await receive()
        self.now += 1
        try:
            return await self.app(scope, again, send)
        finally:
            self.now -= 1

    async def body(self, receive):
        """The body, of which one that is too long is not read to its end; None if the client
        has gone."""
        body, more = bytearray(), True
        while more and not self.exceeds(len(body)):
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body

    def busy(self):
        return self.requests is not None and self.now >= self.requests

    def exceeds(self, length):
        return self.bytes is not None and length > self.bytes

    async def later(self, scope, send):
        message = f"the server scores {self.now} requests, which is the most it takes at a time: try again later"
        await refuse(scope, send, 503, "TEMPORARILY_UNAVAILABLE", message, [(b"retry-after", b"1")])

    async def too_long(self, scope, send):
        await last(scope, send, 413, f"the body has more than {self.bytes} bytes, which is the most the server takes")


async def last(scope, send, status, message):
    """Refuses a request of whose body something is left, so the connection is of no more use."""
    await refuse(scope, send, status, "BAD_REQUEST", message, [(b"connection", b"close")])
