"""Logs a model of a kind with MLflow, into the folder model: log.py KIND."""

import sys

import mlflow
import pandas as pd

INPUT = pd.DataFrame({"x": [1.5]})
PLAIN = ["mlflow==3.17.2", "pandas"]


def main():
    mlflow.set_tracking_uri("sqlite:///scratch.db")
    kind = sys.argv[1]
    if kind == "agent":
        mlflow.pyfunc.save_model("model", python_model="agent.py", pip_requirements=PLAIN)
        return
    with open("factor.txt", "w") as f:
        f.write("2\n")
    mlflow.pyfunc.save_model(
        "model", python_model=f"{kind}.py", input_example=INPUT, artifacts={"factor": "factor.txt"},
        pip_requirements=["mlflow-skinny==3.17.2"] if kind == "slim" else PLAIN, model_config={"bias": 0.0},
    )


main()
