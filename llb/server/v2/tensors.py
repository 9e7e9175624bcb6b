"""The elements of an input, from JSON to an array."""

import base64
import binascii
import itertools
import json
import math

import numpy as np
import pandas as pd

from .errors import Refused

# NumPy's type of each datatype.
TYPES = {
    "BOOL": np.bool_, "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64, "INT8": np.int8, "INT16": np.int16,
    "INT32": np.int32, "INT64": np.int64, "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BYTES": np.object_}
# The largest product of what is not 0 in the shape of an input without elements.
MAX_EMPTY = 1 << 16
# What JSON has no number for: as Protocol Buffers write it in JSON.
NOT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
# What an input may say of its BYTES, as MLServer has it, and JSON for what no other holds.
CONTENTS = ("np", "str", "base64", "datetime", "json")


def decoded(name, shape, datatype, data, content=None):
    """The input as an array of its shape. The content type is for BYTES."""
    elements = flat(name, shape, data)
    if len(elements) != math.prod(shape):
        raise Refused(f"input {name!r} has {len(elements)} elements, and its shape {shape} has {math.prod(shape)}")
    kinds = set(map(type, elements))
    # Without elements a shape could say anything, and an array of it be made into lists.
    if not elements and math.prod(x or 1 for x in shape) > MAX_EMPTY:
        raise Refused(f"input {name!r} has no elements, and its shape {shape} is too large for that")
    dtype = TYPES.get(datatype) if isinstance(datatype, str) else None
    if dtype is None:
        raise Refused(f"input {name!r} has the unknown datatype {datatype!r}: use one of {', '.join(TYPES)}")
    if content not in (None, *CONTENTS):
        raise Refused(f"input {name!r} has the unknown content_type {content!r}: use one of {', '.join(CONTENTS)}")
    if datatype == "BYTES":
        array = texts(name, elements, kinds, content)
    elif datatype == "BOOL":
        check(name, datatype, kinds, {bool})
        array = np.array(elements, dtype)
    elif datatype.startswith("FP"):
        array = floats(name, datatype, elements, kinds)
    else:
        check(name, datatype, kinds, {int})
        limits = np.iinfo(dtype)
        if elements and (min(elements) < limits.min or max(elements) > limits.max):
            raise Refused(f"input {name!r} has a number outside of {datatype}, {limits.min} to {limits.max}")
        array = np.array(elements, dtype)
    return array.reshape(shape)


def check(name, datatype, kinds, allowed):
    """Types are compared by themselves: Python takes True for 1."""
    if wrong := kinds - allowed:
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "a string", type(None): "null", list: "a list", dict: "an object"}
        raise Refused(f"input {name!r} has datatype {datatype}, and {words[min(wrong, key=str)]} among its data")


def flat(name, shape, data):
    """The elements in their order, of nested lists or of one list."""
    if not isinstance(data, list):
        raise Refused(f"the data of input {name!r} is not a list")
    if len(shape) > 1 and data and type(data[0]) is list:
        for length in shape[1:]:
            if any(type(x) is not list or len(x) != length for x in data):
                raise Refused(f"the nested data of input {name!r} does not have its shape {shape}")
            data = list(itertools.chain.from_iterable(data))
    return data


def floats(name, datatype, elements, kinds):
    """Numbers; what is missing is NaN."""
    if kinds & {str, type(None)}:
        elements = [math.nan if x is None else NOT_NUMBERS.get(x, x) if type(x) is str else x for x in elements]
        kinds = set(map(type, elements))
    check(name, datatype, kinds, {int, float})
    try:
        wide = np.array(elements, np.float64)
    except OverflowError:
        raise Refused(f"input {name!r} has a number outside of {datatype}") from None
    with np.errstate(over="ignore"):
        array = wide.astype(TYPES[datatype])
    if np.any(np.isinf(array) & np.isfinite(wide)):
        raise Refused(f"input {name!r} has a number outside of {datatype}")
    return array


def texts(name, elements, kinds, content):
    """Strings, or what their content type says they have; what is missing is None."""
    check(name, "BYTES", kinds, {str, type(None)})
    decode = {"base64": lambda x: base64.b64decode(x, validate=True), "datetime": pd.Timestamp, "json": json.loads}.get(content)
    if decode:
        try:
            elements = [None if x is None else decode(x) for x in elements]
        except (binascii.Error, ValueError, RecursionError) as e:
            raise Refused(f"input {name!r} has content_type {content!r}, and among its data what is not: {e}") from e
    return np.fromiter(elements, dtype=object, count=len(elements))
