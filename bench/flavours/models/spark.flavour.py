# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "pyspark<4", "setuptools<80", "pandas<3", "numpy"]
# ///
import matrix
import mlflow
from pyspark.ml import Pipeline
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").getOrCreate()
x, y = matrix.frame()
data = spark.createDataFrame(x.assign(y=y))
fitted = Pipeline(stages=[VectorAssembler(inputCols=["a", "b"], outputCol="features"), LinearRegression(labelCol="y")]).fit(data)
mlflow.spark.save_model(fitted, str(matrix.model), input_example=x[:3])
matrix.done()
