"""Packages MLflow models as images, and deploys these.

The package carries the program ``deployfile``, which is on the ``PATH`` of the environment
that it is installed into.
"""

from deployfile._program import find_program

__all__ = ["find_program"]
