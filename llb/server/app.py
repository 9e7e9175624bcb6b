"""The app that uvicorn runs: MLflow's, with what [server] puts in front of it."""

import contextlib
import json
import multiprocessing
import os
import sys
import traceback

from uvicorn.main import STARTUP_FAILURE

from . import direct, front, lean, logs, metrics

ENVIRONMENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def answering(init, server):
    """MLflow's init, with an app that answers what the settings add to its protocol, of the
    same model, and its own requests with less on their way."""
    def inited(model):
        app = init(model)
        if "docs" in server:
            from .docs import app as docs
            app = docs.without_pages(app)
        app = direct.direct(app, model)
        if server.get("docs") == "model":
            app = docs.Docs(app, model, server)
        if "v2" in server.get("protocols", ()):
            from .v2.app import V2
            app = V2(app, model, **server["model"])
        return app
    return inited


def wrapped(app, server):
    """The app in what the settings ask for, from the inside out."""
    if server.get("max-body") or server.get("max-concurrency"):
        # MLflow's own limit would begin only when the body is here.
        seconds = float(os.environ.get("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", 60))
        app = front.Scoring(app, server.get("max-body"), server.get("max-concurrency"), seconds)
    if seconds := server.get("drain-seconds"):
        app = front.Draining(app, seconds)
    if server.get("metrics"):
        from mlflow.version import VERSION
        app = metrics.Metrics(app, {**server["model"], "mlflow_version": VERSION})
    if server.get("log") == "json":
        app = logs.Requests(app)
    return app


@contextlib.contextmanager
def loading():
    """While the model is loaded. A worker that fails ends as uvicorn's do that cannot start,
    for else uvicorn would start another one for ever."""
    try:
        yield
    except Exception:
        if multiprocessing.parent_process():
            traceback.print_exc()
            sys.exit(STARTUP_FAILURE)
        raise


with loading():
    with open(os.path.join(ENVIRONMENT, "serve.json")) as f:
        server = json.load(f)
    if server.get("log") == "json":
        logs.use()
    with lean.start():
        from mlflow.pyfunc import scoring_server
        scoring_server.init = answering(scoring_server.init, server)
        from mlflow.pyfunc.scoring_server.app import app
    app = wrapped(app, server)
