"""Packages MLflow models as images, and deploys these.

The package carries the program ``deployfile``, which is on the ``PATH`` of the environment
that it is installed into. The functions run it, and return what it says.
"""

from deployfile import report
from deployfile._api import (
    build,
    check,
    delete,
    deploy,
    diff,
    init,
    inspect,
    lock,
    logs,
    model_pull,
    model_push,
    plan,
    predict,
    promote,
    rollback,
    status,
)
from deployfile._program import find_program
from deployfile._server import Server, run
from deployfile.errors import (
    BuilderError,
    BusyError,
    CancelledError,
    ConflictError,
    DeployfileError,
    DifferentError,
    InputError,
    LockError,
    NotReadyError,
    RolledBackError,
    UsageError,
)

__all__ = [
    "BuilderError", "BusyError", "CancelledError", "ConflictError", "DeployfileError", "DifferentError", "InputError",
    "LockError", "NotReadyError", "RolledBackError", "Server", "UsageError", "build", "check", "delete", "deploy", "diff",
    "find_program", "init", "inspect", "lock", "logs", "model_pull", "model_push", "plan", "predict", "promote", "report",
    "rollback", "run", "status",
]
