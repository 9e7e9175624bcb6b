# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow
import pydantic


class Message(pydantic.BaseModel):
    role: str
    text: str


class Shout(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Message], params=None) -> list[str]:
        return [m.text.upper() for m in model_input]


mlflow.pyfunc.save_model(matrix.model, python_model=Shout(), input_example=[{"role": "user", "text": "hello"}])
matrix.done({"inputs": [{"role": "user", "text": "hello"}]}, lambda predict, request: {"predictions": predict(request["inputs"])})
