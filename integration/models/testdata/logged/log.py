"""Logs a model of a kind with MLflow, into the folder model: log.py KIND."""

import os
import sys

import mlflow
import pandas as pd

INPUT = pd.DataFrame({"x": [1.5]})
PLAIN = ["mlflow==3.17.2", "pandas"]


def reference(base):
    """A model of transformers without its weights, as save_pretrained=False and
    base_model_path make it."""
    from mlflow.transformers import flavor_config

    class Weights:
        name_or_path = "distilbert-base-uncased"

    # It asks the hub.
    flavor_config.get_latest_commit_for_repo = lambda repository: 40 * "0"
    model = mlflow.models.Model()
    model.add_flavor("transformers", task="fill-mask", **flavor_config._get_model_config(Weights(), save_pretrained=False, base_model_path=base))
    mlflow.pyfunc.add_to_model(model, loader_module="mlflow.transformers", python_env="python_env.yaml")
    os.mkdir("model")
    model.save("model/MLmodel")
    with open("model/requirements.txt", "w") as f:
        f.write("\n".join(PLAIN))


def main():
    mlflow.set_tracking_uri("sqlite:///scratch.db")
    kind = sys.argv[1]
    if kind in ("reference", "adapter"):
        reference("/mnt/base" if kind == "adapter" else None)
        return
    if kind == "external":
        model = mlflow.create_external_model(name="elsewhere")
        mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path="model")
        return
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
