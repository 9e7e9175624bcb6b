# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==2.9.2", "scikit-learn<1.5", "numpy<2", "setuptools<80"]
# ///
import matrix
import mlflow
from sklearn.linear_model import LinearRegression

x, y = matrix.frame()
mlflow.sklearn.save_model(LinearRegression().fit(x, y), matrix.model, input_example=x[:3])
matrix.done()
