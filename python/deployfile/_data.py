"""Requests to a model, of the data that Python has."""

from __future__ import annotations

import base64
import json
from typing import Any


def request(data: Any) -> bytes:
    """Return the request of a pandas DataFrame or Series, a numpy array, a list, or a dict as
    MLflow's scoring protocol has it. Neither pandas nor numpy is imported.

    Numbers have all their digits, times are text of ISO 8601, and bytes are base64, as MLflow's
    own client sends them. What a table lacks is null.

    Raises
    ------
    TypeError
        If something in it is nothing that a request can have.

    Examples
    --------
    >>> request([[1, 2]])
    b'{"inputs": [[1, 2]]}'
    >>> request({"dataframe_records": [{"x": 1e-12, "y": b"ab"}]})
    b'{"dataframe_records": [{"x": 1e-12, "y": "YWI="}]}'
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    if hasattr(data, "to_frame"):
        data = data.to_frame()
    if hasattr(data, "to_dict") and hasattr(data, "iloc"):
        split = data.to_dict(orient="split")
        rows = [[None if isinstance(value, float) and value != value else value for value in row] for row in split["data"]]
        data = {"dataframe_split": {"columns": split["columns"], "data": rows}}
    if hasattr(data, "tolist"):
        data = data.tolist()
    if not isinstance(data, dict):
        data = {"inputs": data}
    return json.dumps(data, default=_plain).encode()


def _plain(value: Any) -> Any:
    """Return what JSON has for a value of pandas or numpy."""
    kind = type(value).__name__
    if kind in ("NaTType", "NAType"):
        return None
    if kind == "datetime64":
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a request cannot have a {kind}: {value!r}")
