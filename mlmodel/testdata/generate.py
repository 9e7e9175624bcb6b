"""Make the models of this folder with real MLflow.

    python generate.py OUT          MLflow 3: sklearn, pyfunc and wheeled
    python generate.py OUT old      MLflow 1 or 2: pyfunc

What is committed of each is its small text files, with artifact_path and the
platform in MLmodel made free of the machine that it ran on. It was run with
mlflow 3.17.2, and with mlflow-skinny 2.9.2 and 1.30.1.
"""
import os
import pathlib
import sys

import mlflow
import pandas as pd
from mlflow.models.signature import infer_signature

out = pathlib.Path(sys.argv[1]).absolute()
out.mkdir(parents=True)
os.chdir(out)
pathlib.Path("helpers").mkdir()
pathlib.Path("helpers/__init__.py").write_text("")
pathlib.Path("helpers/scale.py").write_text("def scale(v, f):\n    return v * f\n")
pathlib.Path("factor.txt").write_text("2\n")
pathlib.Path("constraints.txt").write_text("numpy<3\n")
example = pd.DataFrame({"x": [1.0, 2.0]})


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


class Scale(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.factor = float(open(context.artifacts["factor"]).read())

    def predict(self, context, model_input, params=None):
        return [float(v) * self.factor for v in model_input["x"]]


if sys.argv[2:] == ["old"]:
    code = ["helpers"] if mlflow.__version__.startswith("1.") else None
    mlflow.pyfunc.save_model("pyfunc", python_model=Echo(), signature=infer_signature(example, example),
                             input_example=example, code_path=code)
    sys.exit()

from mlflow.models.wheeled_model import WheeledModel
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri("sqlite:///mlflow.db")


def fetch(info, name):
    mlflow.artifacts.download_artifacts(info.model_uri, dst_path=str(out / name))


X, y = load_iris(return_X_y=True, as_frame=True)
model = LogisticRegression(max_iter=500).fit(X, y)
with mlflow.start_run():
    fetch(mlflow.sklearn.log_model(
        model, name="iris", signature=infer_signature(X, model.predict(X)), input_example=X.head(3),
        metadata={"team": "flowers", "stage": 1},
        pip_requirements=["mlflow==3.17.2", "scikit-learn==1.7.2", "cloudpickle==3.1.2"]), "sklearn")
with mlflow.start_run():
    fetch(mlflow.pyfunc.log_model(
        name="custom", python_model=Scale(), code_paths=["helpers"], artifacts={"factor": "factor.txt"},
        signature=infer_signature(example, [1.0], params={"offset": 0.5}), input_example=(example, {"offset": 0.5}),
        extra_pip_requirements=["humanize==4.9.0 ; python_version >= '3.9'", "-c constraints.txt"]), "pyfunc")
with mlflow.start_run():
    mlflow.pyfunc.log_model(
        name="tiny", python_model=Scale(), artifacts={"factor": "factor.txt"}, input_example=example,
        pip_requirements=["cloudpickle==3.1.1", "humanize==4.9.0"], registered_model_name="tiny")
with mlflow.start_run():
    fetch(WheeledModel.log_model("models:/tiny/1"), "wheeled")
