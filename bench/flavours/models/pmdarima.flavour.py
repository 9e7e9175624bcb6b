# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "pmdarima", "numpy<2", "scikit-learn<1.6"]
# ///
import matrix
import mlflow
import pandas
import pmdarima

arima = pmdarima.ARIMA(order=(1, 0, 0)).fit([float(n % 5) for n in range(40)])
mlflow.pmdarima.save_model(arima, matrix.model, input_example=pandas.DataFrame({"n_periods": [3]}))
matrix.done()
