# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow
import numpy

x = numpy.array([[1.0, 2.0], [3.0, 4.0]])


def double(model_input):
    return model_input * 2


mlflow.pyfunc.save_model(matrix.model, python_model=double, input_example=x)
matrix.done()
