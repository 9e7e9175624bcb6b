# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "xgboost", "scikit-learn"]
# ///
import matrix
import mlflow
import xgboost

x, y = matrix.frame()
mlflow.xgboost.save_model(xgboost.XGBRegressor(n_estimators=3).fit(x, y), matrix.model, input_example=x[:3])
matrix.done()
