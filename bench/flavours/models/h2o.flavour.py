# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "h2o", "pandas<3"]
# ///
import h2o
import matrix
import mlflow
from h2o.estimators import H2OGradientBoostingEstimator

h2o.init(max_mem_size="1G", nthreads=1)
x, y = matrix.frame()
gbm = H2OGradientBoostingEstimator(ntrees=2, min_rows=1, seed=1)
gbm.train(["a", "b"], "y", h2o.H2OFrame(x.assign(y=y)))
mlflow.h2o.save_model(gbm, str(matrix.model), input_example=x[:3])
matrix.done()
