# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow


class Scaled(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["factor"]) as f:
            self.factor = float(f.read())

    def predict(self, context, model_input, params=None):
        return model_input * self.factor


x, _ = matrix.frame()
factor = matrix.out / "factor.txt"
factor.write_text("2.5")
mlflow.pyfunc.save_model(matrix.model, python_model=Scaled(), artifacts={"factor": str(factor)}, input_example=x[:3])
matrix.done()
