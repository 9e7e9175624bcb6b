# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow
from mlflow.types.responses import ResponsesAgentResponse


class Echo(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request):
        text = request.input[-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text=str(text), id="1")])


mlflow.pyfunc.save_model(matrix.model, python_model=Echo())
matrix.done({"input": [{"role": "user", "content": "hello"}]}, lambda predict, request: predict(request))
