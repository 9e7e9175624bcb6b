# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.10.1", "scikit-learn"]
# ///
import matrix
import mlflow
from sklearn.linear_model import LinearRegression

x, y = matrix.frame()
mlflow.sklearn.save_model(LinearRegression().fit(x, y), matrix.model, input_example=x[:3])
matrix.done()
