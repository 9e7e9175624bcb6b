import mlflow.pyfunc
from mlflow.models import set_model


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["x"] * 2


set_model(Doubler())
