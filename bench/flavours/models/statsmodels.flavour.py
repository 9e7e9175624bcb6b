# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "statsmodels"]
# ///
import matrix
import mlflow
import statsmodels.api

x, y = matrix.frame()
mlflow.statsmodels.save_model(statsmodels.api.OLS(y, x).fit(), matrix.model, input_example=x[:3])
matrix.done()
