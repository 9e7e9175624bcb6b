# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow

x, _ = matrix.frame()
code = matrix.out / "double.py"
code.write_text("""
import mlflow
from mlflow.models import set_model


class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


set_model(Double())
""")
mlflow.pyfunc.save_model(matrix.model, python_model=str(code), input_example=x[:3])
matrix.done()
