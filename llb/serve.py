#!/opt/venv/bin/python
"""Starts the model's server in the foreground."""

import importlib.util
import json
import os
import sys

with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "serve.json")) as f:
    server = json.load(f)
port = os.environ.get("PORT", str(server["port"]))
workers = str(server["workers"])

if server["kind"] == "command":
    os.environ.setdefault("PORT", port)
    os.execvp(server["command"][0], server["command"])

model = os.environ.get("MODEL_PATH", "/opt/model")
# The name that MLflow's scoring server reads its model's path from.
os.environ["__pyfunc_model_path__"] = model

if importlib.util.find_spec("mlflow.pyfunc.scoring_server.app"):
    arguments = ["uvicorn", "mlflow.pyfunc.scoring_server.app:app", "--host", "0.0.0.0", "--port", port, "--workers", workers]
    module = "uvicorn"
else:  # MLflow before 2.22
    arguments = ["gunicorn", "--bind", f"0.0.0.0:{port}", "--workers", workers, "--timeout", os.environ.get("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", "60"),
                 "mlflow.pyfunc.scoring_server.wsgi:app"]
    module = "gunicorn"

os.execv(sys.executable, [sys.executable, "-m", module, *arguments[1:]])
