"""The functions of mlflow.sagemaker, as far as they have a counterpart.

``get_deploy_client("deployfile:/sagemaker")`` creates, updates and deletes endpoints. Here is what
is beside it in mlflow.sagemaker, with the same parameters. What deployfile does otherwise is an
error that says how, because a call that silently did something else would cost money.
"""

from __future__ import annotations

from typing import Any, Mapping, NoReturn

from deployfile.mlflow import plugin
from deployfile.mlflow.plugin import target_help

__all__ = [
    "deploy_transform_job",
    "push_image_to_ecr",
    "push_model_to_sagemaker",
    "run_local",
    "target_help",
    "terminate_transform_job",
]


def run_local(name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None) -> None:
    """Serve a model on this machine until Ctrl-C, in the image that SageMaker would run.

    Parameters
    ----------
    name : str
        What it is called in messages.
    model_uri : str
        What MLflow takes.
    flavor : str, optional
        ``python_function``, as which each model is served.
    config : dict, optional
        ``port``, by default 5000, and other flags of deployfile run. ``image`` is refused: the
        image is the model's own.

    Raises
    ------
    MlflowException
        If there is no such thing here, or the program fails.

    Examples
    --------
    >>> run_local("iris", "models:/iris@champion", config={"port": 5000})  # doctest: +SKIP
    """
    given = dict(config or {})
    if "image" in given:
        _refused("image of run_local", "the model is served in its own image, which is built for it")
    plugin.run_local(name, model_uri, flavor, {"port": 5000, **given})


def push_image_to_ecr(image: str = "mlflow-pyfunc") -> NoReturn:
    """Refused: the image of a target with ``kind = "registry"`` is pushed by deployfile.deploy.

    Examples
    --------
    >>> push_image_to_ecr()
    Traceback (most recent call last):
    ...
    NotImplementedError: push_image_to_ecr: an image has its model in it: declare a target with kind = "registry" and format = "docker-manifest", and deploy that
    """
    _refused("push_image_to_ecr", 'an image has its model in it: declare a target with kind = "registry" and format = "docker-manifest", and deploy that')


def push_model_to_sagemaker(
    model_name: str,
    model_uri: str,
    execution_role_arn: str | None = None,
    assume_role_arn: str | None = None,
    bucket: str | None = None,
    image_url: str | None = None,
    region_name: str = "us-west-2",
    vpc_config: Mapping[str, Any] | None = None,
    flavor: str | None = None,
) -> NoReturn:
    """Refused: SageMaker's model is made, and deleted, with the endpoint that serves it."""
    _refused("push_model_to_sagemaker", 'SageMaker\'s model is made with its endpoint: get_deploy_client("deployfile:/sagemaker").create_deployment(…)')


def deploy_transform_job(
    job_name: str,
    model_uri: str,
    s3_input_data_type: str,
    s3_input_uri: str,
    content_type: str,
    s3_output_path: str,
    compression_type: str = "None",
    split_type: str = "Line",
    accept: str = "text/csv",
    assemble_with: str = "Line",
    input_filter: str = "$",
    output_filter: str = "$",
    join_resource: str = "None",
    execution_role_arn: str | None = None,
    assume_role_arn: str | None = None,
    bucket: str | None = None,
    image_url: str | None = None,
    region_name: str = "us-west-2",
    instance_type: str = "ml.m4.xlarge",
    instance_count: int = 1,
    vpc_config: Mapping[str, Any] | None = None,
    flavor: str | None = None,
    archive: bool = False,
    synchronous: bool = True,
    timeout_seconds: int = 1200,
) -> NoReturn:
    """Refused: a job has the image of a deployed endpoint, and is run by deployfile.predict_batch."""
    _refused("deploy_transform_job", f"deploy the model, then deployfile.predict_batch({s3_input_uri!r}, {s3_output_path!r}, target=…) runs the job and waits for it")


def terminate_transform_job(
    job_name: str,
    region_name: str = "us-west-2",
    assume_role_arn: str | None = None,
    archive: bool = False,
    synchronous: bool = True,
    timeout_seconds: int = 300,
) -> NoReturn:
    """Refused: a job ends with deployfile.predict_batch, and a Ctrl-C stops it."""
    _refused("terminate_transform_job", "a job ends with deployfile.predict_batch; a Ctrl-C stops it")


def _refused(what: str, instead: str) -> NoReturn:
    raise NotImplementedError(f"{what}: {instead}")
