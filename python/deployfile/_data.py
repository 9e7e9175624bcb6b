"""Requests to a model, of the data that Python has."""

from __future__ import annotations

import json
from typing import Any


def request(data: Any) -> bytes:
    """Return the request of a pandas DataFrame, a numpy array, a list, or a dict as MLflow's
    scoring protocol has it. Neither pandas nor numpy is imported.

    Examples
    --------
    >>> request([[1, 2]])
    b'{"inputs": [[1, 2]]}'
    >>> request({"dataframe_records": [{"x": 1}]})
    b'{"dataframe_records": [{"x": 1}]}'
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    if hasattr(data, "to_json"):
        return b'{"dataframe_split": ' + str(data.to_json(orient="split", index=False)).encode() + b"}"
    if hasattr(data, "tolist"):
        data = data.tolist()
    if not isinstance(data, dict):
        data = {"inputs": data}
    return json.dumps(data).encode()
