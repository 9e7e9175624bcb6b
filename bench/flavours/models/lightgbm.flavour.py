# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "lightgbm", "scikit-learn"]
# ///
import lightgbm
import matrix
import mlflow

x, y = matrix.frame()
booster = lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=1, verbose=-1).fit(x, y)
mlflow.lightgbm.save_model(booster, matrix.model, input_example=x[:3])
matrix.done()
