# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "langgraph", "langchain-core", "langchain"]
# ///
import matrix
import mlflow

code = matrix.out / "graph.py"
code.write_text("""
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from mlflow.models import set_model


class State(TypedDict):
    text: str


graph = StateGraph(State)
graph.add_node("shout", lambda state: {"text": state["text"].upper()})
graph.add_edge(START, "shout")
graph.add_edge("shout", END)
set_model(graph.compile())
""")
mlflow.langchain.save_model(str(code), matrix.model, input_example={"text": "hello"})
matrix.done()
