"""The app that uvicorn runs: MLflow's."""

from . import lean

with lean.start():
    from mlflow.pyfunc.scoring_server.app import app
