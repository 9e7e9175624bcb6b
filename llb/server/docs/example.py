"""A request to show: the model's saved input, or one of its types."""

import json
import os

from . import types

# More is no example to read.
MOST = 256 << 10


def of(model, inputs, params):
    """A request, and where it is from."""
    path = os.path.join(model, "serving_input_example.json")
    try:
        if os.path.getsize(path) <= MOST:
            with open(path, encoding="utf-8") as f:
                return strict(json.load(f)), "The example is the model's saved input."
    except (OSError, ValueError, RecursionError):
        pass
    if inputs is None:
        return None, "The model has neither a signature nor a saved input."
    found = made(inputs)
    if params:
        found["params"] = {p.name: plain(p.default) for p in params}
    return found, "The example has the types of the signature: the model has no saved input."


def strict(value):
    """The value, if it is JSON without NaN."""
    json.dumps(value, allow_nan=False)
    return value


def plain(value):
    """A default of a parameter as JSON has it."""
    try:
        return strict(value.tolist() if hasattr(value, "tolist") else value)
    except (TypeError, ValueError):
        return str(value)


def made(inputs):
    if inputs.is_tensor_spec():
        return {"inputs": {spec.name: types.zeros(spec) for spec in inputs} if inputs.has_input_names() else types.zeros(inputs.inputs[0])}
    row = [types.value(spec.type) for spec in inputs]
    return {"dataframe_split": {"columns": inputs.input_names(), "data": [row]}} if inputs.has_input_names() else {"inputs": row}
