# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "catboost"]
# ///
import catboost
import matrix
import mlflow

x, y = matrix.frame()
booster = catboost.CatBoostRegressor(iterations=3, verbose=False, allow_writing_files=False).fit(x, y)
mlflow.catboost.save_model(booster, matrix.model, input_example=x[:3])
matrix.done()
