"""The app that uvicorn runs: MLflow's, with what [server] puts in front of it."""

import json
import os

from . import front, lean

ENVIRONMENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def wrapped(app, server):
    if most := server.get("max-body"):
        app = front.BodyLimit(app, most)
    if most := server.get("max-concurrency"):
        app = front.Concurrency(app, most)
    if seconds := server.get("drain-seconds"):
        app = front.Draining(app, seconds)
    return app


with lean.start():
    from mlflow.pyfunc.scoring_server.app import app

with open(os.path.join(ENVIRONMENT, "serve.json")) as f:
    app = wrapped(app, json.load(f))
