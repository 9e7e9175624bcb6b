# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "onnx", "onnxruntime", "numpy"]
# ///
import matrix
import mlflow
import numpy
from onnx import TensorProto, helper

graph = helper.make_graph(
    [helper.make_node("Add", ["x", "x"], ["y"])],
    "double",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
)
double = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
mlflow.onnx.save_model(double, matrix.model, input_example=numpy.array([[1, 2], [3, 4]], dtype=numpy.float32))
matrix.done()
