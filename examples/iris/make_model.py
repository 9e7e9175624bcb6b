"""Trains a classifier on scikit-learn's own iris data and saves it in model/.
Run it in its own folder, so that no path of the machine is saved."""

import shutil

import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

features, species = load_iris(return_X_y=True, as_frame=True)
classifier = make_pipeline(StandardScaler(), LogisticRegression(random_state=0))
classifier.fit(features, species)

shutil.rmtree("model", ignore_errors=True)
mlflow.sklearn.save_model(
    classifier,
    "model",
    signature=infer_signature(features, classifier.predict(features)),
    input_example=features.iloc[[0, 50, 100]],
)
