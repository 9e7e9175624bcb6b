"""Trains a regression on scikit-learn's own diabetes data and saves it in model/.
Run it in its own folder, so that no path of the machine is saved."""

import shutil

import lightgbm
import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes

features, progression = load_diabetes(return_X_y=True, as_frame=True)
booster = lightgbm.train(
    {
        "objective": "regression",
        "num_leaves": 7,
        "learning_rate": 0.1,
        "seed": 0,
        "deterministic": True,
        "num_threads": 1,
        "verbosity": -1,
    },
    lightgbm.Dataset(features, progression),
    num_boost_round=40,
)

shutil.rmtree("model", ignore_errors=True)
mlflow.lightgbm.save_model(
    booster,
    "model",
    signature=infer_signature(features, booster.predict(features)),
    input_example=features.head(3),
)
