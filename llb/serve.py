#!/opt/venv/bin/python
"""Starts the model's server in the foreground."""

import importlib.util
import json
import os
import runpy
import sys


def main():
    environment = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(environment, "serve.json")) as f:
        server = json.load(f)
    port = os.environ.get("PORT", str(server["port"]))
    workers = str(server["workers"])

    if server["kind"] == "command":
        os.environ.setdefault("PORT", port)
        os.execvp(server["command"][0], server["command"])

    # The name that MLflow's scoring server reads its model's path from.
    os.environ["__pyfunc_model_path__"] = os.environ.get("MODEL_PATH", "/opt/model")
    # As with python -m: what is in the working directory comes first.
    sys.path[0] = os.getcwd()
    sys.path.append(os.path.join(environment, "lib", "deployfile"))

    # Looks for files: to find a module of a package, Python would import the package.
    mlflow = importlib.util.find_spec("mlflow").submodule_search_locations
    if any(os.path.exists(os.path.join(p, "pyfunc", "scoring_server", "app.py")) for p in mlflow):
        module = "uvicorn"
        if server["workers"] > 1:
            from deployfile_server import workers as supervised
            supervised.watch()
        arguments = ["deployfile_server.app:app", "--host", "0.0.0.0", "--port", port, "--workers", workers]
    else:  # MLflow before 2.22
        for key in ("max-concurrency", "max-body", "drain-seconds", "metrics", "log", "protocols", "docs"):
            if key in server:
                sys.exit(f"{key} in [server] needs MLflow 2.22 or later, and the model has an earlier one")
        module = "gunicorn"
        arguments = ["--bind", f"0.0.0.0:{port}", "--workers", workers, "--timeout", os.environ.get("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", "60"),
                     "mlflow.pyfunc.scoring_server.wsgi:app"]
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
