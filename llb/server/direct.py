"""POST /invocations as MLflow's app answers it, without the layers of FastAPI around it.

Of the time of a small request they take a third: a router, three middlewares with task
groups and streams of their own, dependencies and exit stacks, none of which does anything
for MLflow's only endpoint with a body. Everything else goes to MLflow's own app.
"""

import asyncio
import os
import sys

from . import lean

# MLflow's init, which this does again, is that of these versions.
VERSIONS = ((3, 17), (3, 18))


def may(versions, environment):
    """Whether the app need not see requests: FastAPI's telemetry would want to."""
    return (lean.wanted() and VERSIONS[0] <= versions.get("mlflow", ()) < VERSIONS[1]
            and not any(name.startswith("OTEL_") for name in environment))


def direct(app, model):
    """The app, or what answers in its place where it may."""
    if not may(lean.installed(sys.path), os.environ):
        return app
    return Direct(app, model)


class Direct:
    """Answers POST /invocations as the function of that name in MLflow's init does."""

    def __init__(self, app, model):
        from mlflow.environment_variables import MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT
        from mlflow.pyfunc import scoring_server
        from starlette.middleware.errors import ServerErrorMiddleware
        from starlette.requests import Request
        from starlette.responses import Response

        self.app = app
        schema = model.metadata.get_input_schema()
        timeout = MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT.get()

        @scoring_server._async_catch_mlflow_exception
        async def transformation(request):
            data = await request.body()
            result = await asyncio.to_thread(scoring_server.invocations, data, request.headers.get("content-type"), model, schema)
            return Response(content=result.response, status_code=result.status, media_type=result.mimetype)

        async def respond(scope, receive, send):
            try:
                response = await asyncio.wait_for(transformation(Request(scope, receive)), timeout=timeout)
            except (asyncio.TimeoutError, TimeoutError):
                response = Response(content="Request processing time exceeded limit", status_code=504, media_type="application/json")
            await response(scope, receive, send)

        # An exception of the model is answered with 500, and logged by uvicorn.
        self.respond = ServerErrorMiddleware(respond)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/invocations" and scope["method"] == "POST":
            await self.respond(scope, receive, send)
        else:
            await self.app(scope, receive, send)
