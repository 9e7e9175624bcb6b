#!/opt/venv/bin/python
# The model's code asks for a tracking store. Without a server for that, experiments and
# runs are kept in memory-backed /tmp, and no traces.
import os

if "MLFLOW_TRACKING_URI" not in os.environ:
    os.environ["MLFLOW_TRACKING_URI"] = "file:///tmp/mlflow"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.environ.setdefault("MLFLOW_TRACE_SAMPLING_RATIO", "0")

