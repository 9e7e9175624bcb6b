"""What the protocol says of the model, from its signature."""

import os

from mlflow.types import DataType
from mlflow.types.schema import Array

DATATYPES = {
    DataType.boolean: ("BOOL", None), DataType.integer: ("INT32", None), DataType.long: ("INT64", None), DataType.float: ("FP32", None),
    DataType.double: ("FP64", None), DataType.string: ("BYTES", "str"), DataType.binary: ("BYTES", "base64"), DataType.datetime: ("BYTES", "datetime")}


def named(name, version):
    """What the model and its version are called: KServe calls it as its service."""
    return os.environ.get("MODEL_NAME") or name, version or "1"


def of(name, version, metadata):
    described = {"name": name, "versions": [version], "platform": "mlflow_pyfunc"}
    hints = metadata._is_signature_from_type_hint()
    described["inputs"] = tensors(metadata.get_input_schema(), "input", hints)
    described["outputs"] = tensors(metadata.get_output_schema(), "output", hints)
    return described


def tensors(schema, what, hints):
    """The tensors of a schema; those without a name are called as their place is."""
    if schema is None:
        return []
    names = schema.input_names() if schema.has_input_names() else [f"{what}-{n}" for n in range(len(schema))]
    return [{"name": name, **(tensor(spec) if schema.is_tensor_spec() else column(spec.type, hints))} for name, spec in zip(names, schema)]


def tensor(spec):
    kind, size = spec.type.kind, spec.type.itemsize * 8
    datatype = {"b": "BOOL", "i": f"INT{size}", "u": f"UINT{size}", "f": f"FP{min(size, 64)}"}.get(kind, "BYTES")
    return {"datatype": datatype, "shape": list(spec.shape)}


def column(type, hints):
    """A column has an element for each row; a list of numbers is a second dimension."""
    shape = [-1] if hints else [-1, 1]
    if isinstance(type, Array) and not isinstance(type.dtype, Array) and type.dtype in DATATYPES:
        type, shape = type.dtype, [-1, -1]
    datatype, content = DATATYPES.get(type, ("BYTES", "json")) if isinstance(type, DataType) else ("BYTES", "json")
    return {"datatype": datatype, "shape": shape, **({"parameters": {"content_type": content}} if content else {})}
