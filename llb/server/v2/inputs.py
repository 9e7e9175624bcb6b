"""A request, and what the model is given of it."""

import base64
import json

import numpy as np
import pandas as pd
from mlflow.types import DataType
from mlflow.types.schema import Array
from mlflow.utils.proto_json_utils import cast_df_types_according_to_schema

from . import tensors
from .errors import Refused

# What a request may say that its inputs are together: a DataFrame, one array, one list of
# strings, or arrays by their names. As MLServer has it.
CONTENTS = ("pd", "np", "str", "dict")
DIMENSIONS = 32


class Request:
    def __init__(self, id, parameters, inputs, outputs):
        # inputs are arrays by their names; outputs the names that are asked for, or None.
        self.id, self.parameters, self.inputs, self.outputs = id, parameters, inputs, outputs


def read(body, described):
    """The request in a body. What the model's tensors are described as stands for what an
    input does not say of its content type."""
    contents = {tensor["name"]: tensor.get("parameters", {}).get("content_type") for tensor in described}
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise Refused(f"the body is not JSON: {e}") from e
    need(isinstance(request, dict), "the body is not an object")
    id = request.get("id")
    need(id is None or isinstance(id, str), "id is not a string")
    found = request.get("inputs")
    need(isinstance(found, list) and found, "inputs is missing: a list of tensors, each with name, shape, datatype and data")
    inputs = {}
    for n, tensor in enumerate(found):
        need(isinstance(tensor, dict), f"inputs[{n}] is not an object")
        name = tensor.get("name")
        need(isinstance(name, str), f"inputs[{n}] has no name")
        need(name not in inputs, f"two inputs are called {name!r}")
        shape = tensor.get("shape")
        need(isinstance(shape, list) and len(shape) <= DIMENSIONS and all(type(x) is int and 0 <= x < 2**63 for x in shape),
             f"the shape of input {name!r} is not a list of at most {DIMENSIONS} whole numbers")
        need("data" in tensor, f"input {name!r} has no data")
        inputs[name] = tensors.decoded(name, shape, tensor.get("datatype"), tensor["data"],
                                       parameters(tensor, f"input {name!r}").get("content_type", contents.get(name)))
    outputs = request.get("outputs")
    need(outputs is None or isinstance(outputs, list) and all(isinstance(x, dict) and isinstance(x.get("name"), str) for x in outputs),
         "outputs is not a list of objects with a name")
    return Request(id, parameters(request, "the request"), inputs, [x["name"] for x in outputs] if outputs else None)


def need(true, message):
    if not true:
        raise Refused(message)


def parameters(of, what):
    found = of.get("parameters")
    need(found is None or isinstance(found, dict), f"the parameters of {what} are not an object")
    return found or {}


def for_model(request, metadata):
    """The data and the parameters for the model's predict."""
    schema, params = metadata.get_input_schema(), metadata.get_params_schema()
    # The protocol has parameters of its own, and clients more: the model gets those that
    # its signature names.
    names = {param.name for param in params.params} if params else ()
    params = {name: value for name, value in request.parameters.items() if name in names}
    return data(request, metadata, schema), params or None


def data(request, metadata, schema):
    content = request.parameters.get("content_type")
    need(content in (None, *CONTENTS), f"the request has the unknown content_type {content!r}: use one of {', '.join(CONTENTS)}")
    if content is None and metadata._is_signature_from_type_hint():
        return one(request).tolist()
    if content is None:
        if schema is None:
            content = "dict" if len(request.inputs) > 1 else "np"
        elif schema.is_tensor_spec():
            content = "dict" if schema.has_input_names() else "np"
        else:
            content = "pd"
    if content == "pd":
        return frame(request.inputs, schema)
    if schema is None or not schema.is_tensor_spec():
        return dict(request.inputs) if content == "dict" else one(request).tolist() if content == "str" else one(request)
    if content == "dict":
        types = dict(zip(schema.input_names(), schema.input_types()))
        return {name: cast(name, array, types.get(name, array.dtype)) for name, array in request.inputs.items()}
    return cast("input-0", one(request), schema.input_types()[0])


def one(request):
    need(len(request.inputs) == 1, f"the model takes one input, and the request has {len(request.inputs)}")
    return next(iter(request.inputs.values()))


def cast(name, array, dtype):
    """The array in the model's type, of the same kind or a wider one: MLflow takes no other
    than exactly its own."""
    if dtype.kind in "SU" and array.dtype == object:
        return array.astype(dtype)
    need(np.can_cast(array.dtype, dtype, "same_kind"), f"input {name!r} is {array.dtype.name}, and the model takes {dtype.name}")
    return array.astype(dtype, copy=False)


def frame(inputs, schema):
    """The inputs as columns, with the types of the schema, as MLflow makes them of JSON."""
    if schema is None or schema.is_tensor_spec():
        return table({name: column(array, name) for name, array in inputs.items()})
    named, types = schema.has_input_names(), schema.input_types()
    names = schema.input_names()
    if len(inputs) == 1:
        name, array = next(iter(inputs.items()))
        if array.ndim == 2 and array.shape[1] == len(names) and (not named or name not in names):
            inputs = {names[n]: array[:, n] for n in range(len(names))}
    if not named:
        inputs = dict(zip(names, inputs.values()))
    known = dict(zip(names, types))
    found = table({name: column(array, name, known.get(name)) for name, array in inputs.items()})
    return cast_df_types_according_to_schema(found, schema)


def table(columns):
    lengths = {len(values) for values in columns.values()}
    need(len(lengths) == 1, "the inputs are columns of one table, and differ in their first dimension")
    return pd.DataFrame(columns)


def column(array, name, type=None):
    """A column with an element for each row."""
    need(array.ndim > 0, f"input {name!r} has no rows: its shape is []")
    if array.ndim == 2 and array.shape[1] == 1 and not isinstance(type, Array):
        array = array[:, 0]
    # As lists, Pandas finds their type as it does of JSON.
    values = array if array.ndim == 1 and array.dtype != object else array.tolist()
    if type == DataType.binary:
        # MLflow decodes it.
        values = [x if x is None else base64.b64encode(x if isinstance(x, bytes) else str(x).encode()).decode() for x in values]
    return pd.Series(values)
