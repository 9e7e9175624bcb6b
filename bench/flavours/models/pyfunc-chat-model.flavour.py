# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow
from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage


class Echo(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params=None):
        return ChatCompletionResponse(id="1", created=1, model="echo", choices=[ChatChoice(index=0, message=ChatMessage(role="assistant", content=messages[-1].content))])


mlflow.pyfunc.save_model(matrix.model, python_model=Echo())
matrix.done({"messages": [{"role": "user", "content": "hello"}]}, lambda predict, request: predict(request))
