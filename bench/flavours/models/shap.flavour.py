# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "shap", "scikit-learn"]
# ///
import matrix
import mlflow
import shap
from sklearn.linear_model import LinearRegression

x, y = matrix.frame()
explainer = shap.Explainer(LinearRegression().fit(x, y).predict, x, algorithm="permutation", seed=0)
mlflow.shap.save_explainer(explainer, str(matrix.model), serialize_model_using_mlflow=False, input_example=x[:3])
matrix.done()
