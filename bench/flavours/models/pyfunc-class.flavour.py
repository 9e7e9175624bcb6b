# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow


class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


x, _ = matrix.frame()
mlflow.pyfunc.save_model(matrix.model, python_model=Double(), input_example=x[:3])
matrix.done()
