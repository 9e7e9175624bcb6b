"""The functions that MLflow's users know, made by deployfile.

They have the parameters of mlflow.models. MLflow is imported only where a model or an input
takes it.
"""

from deployfile.mlflow._models import build_docker, generate_dockerfile, predict, prepare_env

__all__ = ["build_docker", "generate_dockerfile", "predict", "prepare_env"]
