"""Logs a model at an MLflow server, downloads it by each of its names with MLflow's own
client, and prints the names with the directories, as JSON."""

import json
import os
import sys

import mlflow
import mlflow.pyfunc

SERVER, OUT = sys.argv[1:3]


class Answer(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return ["ok" for _ in model_input]


def log():
    """The run and the logged model of a version."""
    for name, content in (("a file.bin", os.urandom(5 << 20)), ("small+ü.txt", os.urandom(10))):
        with open(os.path.join(OUT, name), "wb") as f:
            f.write(content)
    with mlflow.start_run() as run:
        mlflow.set_tag("mlflow.source.git.commit", "0123abc")
        info = mlflow.pyfunc.log_model(
            name="model", python_model=Answer(), input_example=["a"], pip_requirements=["mlflow"], registered_model_name="my model",
            artifacts={"weights": os.path.join(OUT, "a file.bin"), "small": os.path.join(OUT, "small+ü.txt")})
        # As MLflow 2 logged a model: below its run.
        mlflow.log_artifacts(mlflow.artifacts.download_artifacts(info.model_uri), "classic")
        return run.info.run_id, info.model_id


def bare():
    """A version whose model has no example and no large file."""
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="model", python_model=Answer(), pip_requirements=["mlflow"])
    version = mlflow.register_model(info.model_uri, "bare")
    mlflow.MlflowClient().set_registered_model_alias("bare", "bare", version.version)


def main():
    mlflow.set_tracking_uri(SERVER)
    mlflow.set_experiment("models")
    log()
    run, model = log()
    bare()
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("my model", "champion", "1")
    client.transition_model_version_stage("my model", "1", "Staging")
    location = client.get_logged_model(model).artifact_location
    found = {}
    for n, uri in enumerate([
        "models:/my model/1", "models:/my model/2", "models:/my model/latest", "models:/my model/Staging", "models:/my model@champion",
        "models:/my model@champion/artifacts", "models:/my model/2/artifacts", f"models:/{model}", f"runs:/{run}/model", f"runs:/{run}/classic",
        f"runs:/{run}/model/artifacts", *([location] if location.startswith("mlflow-artifacts:") else []),
    ]):
        found[uri] = mlflow.artifacts.download_artifacts(uri, dst_path=os.path.join(OUT, str(n)))
    print("FOUND " + json.dumps({"run": run, "model": model, "names": found}))


main()
