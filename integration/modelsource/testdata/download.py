"""Downloads a model by its name with MLflow's own client: download.py URI DIRECTORY"""

import sys

import mlflow

mlflow.artifacts.download_artifacts(sys.argv[1], dst_path=sys.argv[2])
