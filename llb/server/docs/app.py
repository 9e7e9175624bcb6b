"""The page and the document, in the place of FastAPI's, which knows nothing of the model and
whose page runs programs that a browser fetches from elsewhere."""

import base64
import hashlib
import json
import os
import re

from . import openapi

FASTAPI = ("/docs", "/docs/oauth2-redirect", "/openapi.json", "/redoc")


def without_pages(app):
    """MLflow's app without FastAPI's pages."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) not in FASTAPI]
    return app


def policy(page):
    """A browser runs and shows what is in the page, and connects to where it comes from."""
    def hashes(tag):
        return " ".join("'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                        for text in re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL))
    return (f"default-src 'none'; script-src {hashes('script')}; style-src {hashes('style')}; connect-src 'self'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


class Docs:
    """Answers /docs and /openapi.json."""

    def __init__(self, app, model, server):
        self.app = app
        with open(os.path.join(os.path.dirname(__file__), "page.html"), encoding="utf-8") as f:
            page = f.read()
        document = openapi.document(model.metadata, server, os.environ["__pyfunc_model_path__"])
        self.answers = {
            "/docs": (page.encode(), b"text/html; charset=utf-8", [(b"content-security-policy", policy(page).encode()), (b"referrer-policy", b"no-referrer")]),
            "/openapi.json": (json.dumps(document).encode(), b"application/json", [])}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"] not in self.answers:
            return await self.app(scope, receive, send)
        body, kind, headers = self.answers[scope["path"]]
        await send({"type": "http.response.start", "status": 200, "headers": [
            (b"content-length", str(len(body)).encode()), (b"content-type", kind), (b"x-content-type-options", b"nosniff"), *headers]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
