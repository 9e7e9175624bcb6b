"""The model: an MLflow pyfunc made of code, written as MLflow's "models from
code", so that no pickle is saved."""

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

import catalogue


class Matcher(PythonModel):
    def load_context(self, context):
        self.products = catalogue.load(context.artifacts["products"])

    def predict(self, context, model_input, params=None):
        cutoff = (params or {}).get("cutoff", 60.0)
        rows = []
        for text in model_input["text"]:
            product, score = catalogue.best(self.products, text, cutoff)
            rows.append(
                {
                    "number": product.number if product else -1,
                    "name": product.name if product else "",
                    "score": score,
                }
            )
        return pd.DataFrame(rows)


set_model(Matcher())
