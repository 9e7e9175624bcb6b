"""JSON Schemas of MLflow's types, and values of them."""

from mlflow.types import DataType
from mlflow.types.schema import Array, Map, Object

# The schema, and a value.
PLAIN = {
    DataType.boolean: ({"type": "boolean"}, True),
    DataType.integer: ({"type": "integer", "format": "int32"}, 0),
    DataType.long: ({"type": "integer", "format": "int64"}, 0),
    DataType.float: ({"type": ["number", "null"], "format": "float"}, 0.0),
    DataType.double: ({"type": ["number", "null"], "format": "double"}, 0.0),
    DataType.string: ({"type": "string"}, ""),
    DataType.binary: ({"type": "string", "contentEncoding": "base64"}, ""),
    DataType.datetime: ({"type": "string"}, "2026-01-01T00:00:00"),
}


def schema(type):
    """The schema of a value of a column, a parameter, or what is in one."""
    if isinstance(type, DataType):
        return dict(PLAIN[type][0])
    if isinstance(type, Array):
        return {"type": "array", "items": schema(type.dtype)}
    if isinstance(type, Object):
        return fields([(p.name, p.dtype, p.required) for p in type.properties])
    if isinstance(type, Map):
        return {"type": "object", "additionalProperties": schema(type.value_type)}
    return {}


def fields(members):
    """The schema of an object, of names, types and whether they must be there."""
    return {"type": "object", "properties": {name: schema(type) for name, type, _ in members}, "required": [name for name, _, needed in members if needed]}


def value(type):
    """A value of the type."""
    if isinstance(type, DataType):
        return PLAIN[type][1]
    if isinstance(type, Array):
        return [value(type.dtype)]
    if isinstance(type, Object):
        return {p.name: value(p.dtype) for p in type.properties if p.required}
    return {}


def tensor(spec):
    """The schema of a tensor as nested lists."""
    found = {"b": {"type": "boolean"}, "i": {"type": "integer"}, "u": {"type": "integer", "minimum": 0}, "f": {"type": ["number", "null"]}}.get(spec.type.kind, {"type": "string"})
    for length in reversed(spec.shape):
        found = {"type": "array", "items": found, **({"minItems": length, "maxItems": length} if length >= 0 else {})}
    return found


def zeros(spec):
    """A tensor of the shape, with one for each length that is free."""
    found = {"b": False, "i": 0, "u": 0, "f": 0.0}.get(spec.type.kind, "")
    for length in reversed(spec.shape):
        found = [found] * (length if length >= 0 else 1)
    return found
