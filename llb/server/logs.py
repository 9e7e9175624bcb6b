"""Logs as lines of JSON, with the id of the request that they belong to."""

import contextvars
import json
import logging
import os
import re
import time

REQUEST = contextvars.ContextVar("request", default=None)
ACCESS = logging.getLogger("deployfile.access")
# What is taken over of a client's ids: as much as fits a header and a line.
ID = re.compile(r"[\w.:/+=@-]{1,128}$", re.ASCII)


class Line(logging.Formatter):
    def format(self, record):
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if request := REQUEST.get():
            line["request-id"] = request
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def use():
    """Has all that is logged from now on written so, whoever makes a handler for it. What
    is printed stays as it is."""
    line = Line()
    logging.Handler.format = lambda handler, record: line.format(record)
    logging.captureWarnings(True)
    # Each request has a line of ours.
    logging.getLogger("uvicorn.access").disabled = True
    for logger in (ACCESS, logging.getLogger("py.warnings")):
        logger.addHandler(logging.StreamHandler())
        logger.propagate = False
    ACCESS.setLevel(logging.INFO)


class Requests:
    """Gives each request an id, its client's or a new one, and logs its end."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request = given if ID.match(given) else os.urandom(16).hex()
        REQUEST.set(request)
        fields = {"method": scope["method"], "path": scope["path"], "status": 500, "bytes": 0}

        async def sent(message):
            if message["type"] == "http.response.start":
                fields["status"] = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", request.encode())]}
            fields["bytes"] += len(message.get("body", b""))
            await send(message)
        start = time.perf_counter()
        try:
            await self.app(scope, receive, sent)
        finally:
            fields["seconds"] = round(time.perf_counter() - start, 6)
            ACCESS.info("request", extra={"fields": fields})
