import mlflow
import pkg_resources


class Newer(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [pkg_resources.parse_version("1.10") > pkg_resources.parse_version("1.9")] * len(model_input)


mlflow.models.set_model(Newer())
