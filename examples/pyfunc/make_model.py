"""Saves the product matcher in model/. Run it in its own folder, so that no path
of the machine is saved."""

import shutil

import mlflow
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

shutil.rmtree("model", ignore_errors=True)
mlflow.pyfunc.save_model(
    "model",
    python_model="matcher.py",
    code_paths=["catalogue"],
    artifacts={"products": "products.csv"},
    pip_requirements=[f"mlflow=={mlflow.__version__}", f"pandas=={pd.__version__}"],
    signature=ModelSignature(
        inputs=Schema([ColSpec("string", "text")]),
        outputs=Schema(
            [ColSpec("long", "number"), ColSpec("string", "name"), ColSpec("double", "score")]
        ),
        params=ParamSchema([ParamSpec("cutoff", "double", 60.0)]),
    ),
    input_example=(
        pd.DataFrame({"text": ["expresso maschine", "creme brulee", "garden hose"]}),
        {"cutoff": 70.0},
    ),
)

# MLflow writes the absolute path of matcher.py and reads only its last part.
saved = Model.load("model")
saved.flavors["python_function"]["model_code_path"] = "matcher.py"
saved.save("model/MLmodel")
