"""Saves a model with MLflow 2.16.2, whose scoring server is a Flask
application, and what it answers. Run it in its own folder, with that version
on Python 3.11."""

import shutil

import mlflow
import pandas as pd
from mlflow.models import Model, infer_signature
from mlflow.pyfunc.scoring_server import predictions_to_json

assert mlflow.__version__ == "2.16.2", mlflow.__version__
example = pd.DataFrame({"x": [1.5, -2.0, 0.25]})
shutil.rmtree("model", ignore_errors=True)
mlflow.pyfunc.save_model(
    "model",
    python_model="doubler.py",
    pip_requirements=["mlflow==2.16.2", f"pandas=={pd.__version__}"],
    signature=infer_signature(example, example["x"]),
    input_example=example,
)

# MLflow writes the absolute path of doubler.py and reads only its last part.
saved = Model.load("model")
saved.flavors["python_function"]["model_code_path"] = "doubler.py"
saved.save("model/MLmodel")

with open("answer.json", "w") as f:
    predictions_to_json(mlflow.pyfunc.load_model("model").predict(example), f)
    f.write("\n")
