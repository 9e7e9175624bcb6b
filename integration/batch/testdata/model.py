"""Saves a model that adds two columns, and rows for it: model.py MODEL FOLDER."""

import json
import os
import sys

import mlflow.pyfunc
import pandas
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema


class Plus(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        print("the model is at work")
        if (model_input["a"] < 0).any():
            raise ValueError("a must not be negative")
        return (model_input["a"] + model_input["b"]).astype("int64").to_numpy()


model, folder = sys.argv[1:]
columns = Schema([ColSpec("double", "a"), ColSpec("double", "b")])
mlflow.pyfunc.save_model(model, python_model=Plus(), signature=ModelSignature(columns), pip_requirements=["mlflow"])

rows = pandas.DataFrame({"a": range(25_000)}).assign(b=lambda r: 2 * r["a"]).astype("float64")
rows.to_csv(os.path.join(folder, "rows.csv"), index=False)
rows.to_json(os.path.join(folder, "rows.jsonl"), orient="records", lines=True)
rows.to_parquet(os.path.join(folder, "rows.parquet"))
rows.to_json(os.path.join(folder, "records.json"), orient="records")
rows[:3].to_csv(os.path.join(folder, "few.csv"), index=False)
with open(os.path.join(folder, "split.json"), "w") as f:
    json.dump({"dataframe_split": rows.to_dict(orient="split", index=False)}, f)
pandas.concat([rows] * 32).to_csv(os.path.join(folder, "many.csv"), index=False)
