# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse


class Echo(mlflow.pyfunc.ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None):
        return ChatAgentResponse(messages=[ChatAgentMessage(role="assistant", content=messages[-1].content, id="1")])


mlflow.pyfunc.save_model(matrix.model, python_model=Echo())
matrix.done({"messages": [{"role": "user", "content": "hello", "id": "0"}]}, lambda predict, request: predict(request))
