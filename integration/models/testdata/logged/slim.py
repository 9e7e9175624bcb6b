import mlflow


class Factor(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["factor"]) as f:
            self.factor = float(f.read())
        self.bias = context.model_config["bias"]

    def predict(self, context, model_input, params=None):
        return [self.factor * float(v) + self.bias for v in model_input["x"]]


mlflow.models.set_model(Factor())
