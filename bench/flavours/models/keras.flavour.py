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
mlflow.keras.save_model(net, matrix.model, input_example=numpy.array([[1, 2], [3, 4]], dtype=numpy.float32))
matrix.done()
