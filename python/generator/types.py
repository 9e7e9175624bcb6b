"""What several generators know of types and names."""

from __future__ import annotations

import keyword
import textwrap
from typing import Any


def type_of(schema: Any) -> str:
    """Return the type of a JSON Schema."""
    if not isinstance(schema, dict):
        return "Any"
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    kind = schema.get("type")
    if kind == "array":
        return f"List[{type_of(schema.get('items', True))}]"
    if kind == "object":
        return f"Dict[str, {type_of(schema.get('additionalProperties', True))}]"
    names = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
    return names.get(kind or "", "Any")


def field(key: str) -> str:
    """Return the name in Python of a key of JSON or TOML, or of a flag."""
    if "_" in key:
        raise ValueError(f"{key}: deployfile._decode takes _ for -")
    name = key.replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def docstring(text: str, indent: str = "    ") -> list[str]:
    """Return a docstring of one paragraph."""
    text = text.replace("\n", " ").replace("\\", "\\\\")
    return textwrap.wrap('"""' + text + '"""', 96, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def comment(schema: Any) -> list[str]:
    """Return the comment of an attribute."""
    if not isinstance(schema, dict):
        return []
    about = schema.get("description", "").replace("\n", " ")
    if "enum" in schema:
        about += " One of " + ", ".join(schema["enum"]) + "."
    return textwrap.wrap(about.strip(), 96, initial_indent="    #: ", subsequent_indent="    #: ", break_on_hyphens=False)


def upper(text: str) -> str:
    """Return a text with a large first letter."""
    return text[:1].upper() + text[1:]
