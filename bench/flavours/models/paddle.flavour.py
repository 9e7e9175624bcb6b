# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "paddlepaddle", "setuptools", "numpy"]
# ///
import matrix
import mlflow
import numpy
import paddle
from paddle.static import InputSpec

net = paddle.jit.to_static(paddle.nn.Linear(2, 1), input_spec=[InputSpec(shape=[None, 2], dtype="float32")])
mlflow.paddle.save_model(net, matrix.model, input_example=numpy.array([[1, 2], [3, 4]], dtype=numpy.float32))
matrix.done()
