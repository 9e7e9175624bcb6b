# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "langchain", "langchain-core", "langchain-community"]
# ///
import matrix
import mlflow

code = matrix.out / "chain.py"
code.write_text("""
from langchain_core.runnables import RunnableLambda
from mlflow.models import set_model

set_model(RunnableLambda(lambda question: "you said " + question["text"]))
""")
mlflow.langchain.save_model(str(code), matrix.model, input_example={"text": "hello"})
matrix.done()
