"""The model's answer as tensors."""

import base64
import itertools
import json
import math

import numpy as np
import pandas as pd
from mlflow.utils.proto_json_utils import NumpyEncoder, _get_jsonable_obj

from .errors import Refused

WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}


def of(prediction, schema, asked):
    """The tensors of an answer, of which asked has the names, or all."""
    found = [{"name": name, **encoded(values)} for name, values in named(prediction, schema)]
    if asked is None:
        return found
    by_name = {tensor["name"]: tensor for tensor in found}
    for name in asked:
        if name not in by_name:
            raise Refused(f"unknown output {name!r}: the outputs are {', '.join(map(repr, by_name))}")
    return [by_name[name] for name in asked]


def named(prediction, schema):
    """The parts of an answer by their names: columns, values of a dict, or the whole."""
    names = schema.input_names() if schema and schema.has_input_names() else None
    if isinstance(prediction, pd.DataFrame):
        for n, name in enumerate(prediction.columns):
            yield str(name), prediction.iloc[:, n]
    elif isinstance(prediction, dict) and prediction and all(isinstance(name, str) for name in prediction):
        yield from prediction.items()
    elif isinstance(prediction, np.ndarray) and prediction.ndim == 2 and names and len(names) == prediction.shape[1] > 1:
        for n, name in enumerate(names):
            yield name, pd.Series(prediction[:, n])
    else:
        yield names[0] if names and len(names) == 1 else "output-0", prediction


def encoded(values):
    """Shape, datatype and data. Parameters say what BYTES are, if they are no plain text."""
    if isinstance(values, pd.Series):
        # As a column of a table.
        tensor = series(values)
        return {**tensor, "shape": [len(values), 1]} if len(tensor["shape"]) == 1 else tensor
    if isinstance(values, (list, tuple)):
        return objects(*unnested(values))
    array = np.asarray(values) if isinstance(values, (np.ndarray, np.generic, bool, int, float)) else None
    if array is None:
        # Text, bytes, None, or an object of the model's own.
        return objects([values], [1])
    return numbers(array if array.ndim else array.reshape(1))


def series(values):
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if isinstance(values.dtype, np.dtype):
        if values.dtype.kind in "biuf":
            return numbers(values.to_numpy())
    elif (plain := getattr(values.dtype, "numpy_dtype", None)) is not None and plain.kind in "biuf":
        # Pandas' own types have missing values of any type.
        missing = values.isna().tolist()
        tensor = numbers(values.fillna(plain.type(0)).to_numpy(plain))
        tensor["data"] = [None if gone else x for x, gone in zip(tensor["data"], missing)]
        return tensor
    items = values.tolist()
    return objects(*unnested(items)) if values.dtype == object else objects(items, [len(items)])


def numbers(array):
    kind, size = array.dtype.kind, array.dtype.itemsize * 8
    if kind not in "biuf":
        return objects(array.ravel().tolist() if kind != "M" else [pd.Timestamp(x) for x in array.ravel()], list(array.shape))
    if kind == "f" and size > 64:
        array, size = array.astype(np.float64), 64
    data = array.ravel().tolist()
    if kind == "f" and not np.isfinite(array).all():
        data = [x if math.isfinite(x) else WORDS.get(x, "NaN") for x in data]
    datatype = {"b": "BOOL", "i": f"INT{size}", "u": f"UINT{size}", "f": f"FP{size}"}[kind]
    return {"shape": list(array.shape), "datatype": datatype, "data": data}


def unnested(items):
    """The elements of lists of one length, and their shape."""
    items = [x.tolist() if isinstance(x, np.ndarray) else x for x in items]
    shape = [len(items)]
    while items and all(type(x) in (list, tuple) for x in items) and len(length := {len(x) for x in items}) == 1 and length != {0}:
        shape.append(*length)
        items = list(itertools.chain.from_iterable(items))
    return items, shape


def objects(items, shape):
    """A tensor of Python's objects: of numbers if they are, or of BYTES."""
    items = [x.item() if isinstance(x, np.generic) and not isinstance(x, np.datetime64) else x for x in items]
    kinds = {type(x) for x in items}
    if kinds and kinds <= {int, float} or kinds == {bool}:
        array = np.array(items)
        if array.dtype.kind in "biuf":
            return numbers(array.reshape(shape))
    # Text has missing values; a missing number next to it is none.
    items = [None if x is None or x is pd.NA or x is pd.NaT or type(x) is float and math.isnan(x) else x for x in items]
    kinds = {type(x) for x in items} - {type(None)}
    text, content = str, "json"
    if kinds <= {str}:
        content = "str"
    elif kinds <= {bytes, bytearray}:
        text, content = lambda x: base64.b64encode(x).decode(), "base64"
    elif kinds <= {pd.Timestamp}:
        text, content = pd.Timestamp.isoformat, "datetime"
    else:
        def text(x):
            return json.dumps(_get_jsonable_obj(x), cls=NumpyEncoder)
    return {"shape": shape, "datatype": "BYTES", "parameters": {"content_type": content}, "data": [None if x is None else text(x) for x in items]}
