# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "keras", "jax", "numpy"]
# ///
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import matrix
import mlflow
import numpy

net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
x = numpy.array([[1, 2], [3, 4]], dtype=numpy.float32)
mlflow.keras.save_model(net, str(matrix.model), signature=mlflow.models.infer_signature(x, net.predict(x)))
matrix.done({"inputs": x.tolist()}, lambda predict, request: {"predictions": predict(x).tolist()})
