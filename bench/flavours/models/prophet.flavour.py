# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "prophet", "pandas<3"]
# ///
import matrix
import mlflow
import pandas
import prophet

history = pandas.DataFrame({"ds": pandas.date_range("2026-01-01", periods=40), "y": [float(n % 7) for n in range(40)]})
forecaster = prophet.Prophet(uncertainty_samples=0, weekly_seasonality=True, daily_seasonality=False, yearly_seasonality=False).fit(history)
mlflow.prophet.save_model(forecaster, matrix.model, input_example=forecaster.make_future_dataframe(periods=3)[-3:])
matrix.done()
