# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "tensorflow-cpu", "keras", "numpy"]
# ///
import keras
import matrix
import mlflow
import numpy

x, y = matrix.frame()
net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
net.compile("sgd", "mse")
mlflow.tensorflow.save_model(net, matrix.model, input_example=numpy.array([[1, 2], [3, 4]], dtype=numpy.float32))
matrix.done()
