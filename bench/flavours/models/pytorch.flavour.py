# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "torch", "numpy"]
# ///
import matrix
import mlflow
import numpy
import torch

torch.manual_seed(0)
mlflow.pytorch.save_model(torch.nn.Linear(2, 1), matrix.model, input_example=numpy.array([[1, 2], [3, 4]], dtype=numpy.float32))
matrix.done()
