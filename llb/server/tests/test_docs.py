"""The OpenAPI document: valid, and true of what the server answers."""

import json
import pathlib
import tempfile
import unittest

import jsonschema
import numpy as np
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType, Array, Map, Object, Property
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from deployfile_server.docs import openapi

from .laid import EXAMPLES, Server

JSON = {"Content-Type": "application/json"}
NAMED = {"model": {"name": "iris", "version": ""}}
EVERY = {**NAMED, "protocols": ["v2"], "metrics": True, "drain-seconds": 1, "max-body": 100000, "max-concurrency": 9}


def valid(document, name, value):
    jsonschema.Draft202012Validator({**document, "$ref": "#/components/schemas/" + name}).validate(value)


def document(inputs=None, outputs=None, params=None, example=None, server=EVERY):
    with tempfile.TemporaryDirectory() as directory:
        if example is not None:
            (pathlib.Path(directory) / "serving_input_example.json").write_text(example if isinstance(example, str) else json.dumps(example))
        signature = ModelSignature(inputs, outputs, params) if inputs or outputs or params else None
        return openapi.document(Model(signature=signature), server, directory)


COLUMNS = Schema([
    ColSpec("double", "a"), ColSpec("string", "b", required=False), ColSpec("long", "c"), ColSpec("binary", "d"), ColSpec("datetime", "e"), ColSpec("boolean", "f"),
    ColSpec(Array(Array(DataType.float)), "g"), ColSpec(Object([Property("k", DataType.string), Property("l", DataType.long, required=False)]), "h"),
    ColSpec(Map(DataType.integer), "i"), ColSpec(AnyType(), "j")])
PARAMS = ParamSchema([ParamSpec("cutoff", DataType.double, 1.5), ParamSpec("stop", DataType.string, ["a"], (-1,)), ParamSpec("when", DataType.datetime, np.datetime64("2026-01-01"))])


class TestDocument(unittest.TestCase):
    def test_signatures(self):
        """Each is valid, and so is its example."""
        for inputs, outputs, params, example in (
                (None, None, None, None), (COLUMNS, COLUMNS, PARAMS, None), (Schema([ColSpec("string")]), Schema([ColSpec("string")]), None, None),
                (Schema([ColSpec("string", "messages")]), None, None, {"messages": "x"}),
                (Schema([TensorSpec(np.dtype("float32"), (-1, 2, 2))]), Schema([TensorSpec(np.dtype("int64"), (-1,))]), None, None),
                (Schema([TensorSpec(np.dtype("uint8"), (-1, 2), "x"), TensorSpec(np.dtype("str"), (-1,), "y")]), None, PARAMS, None)):
            with self.subTest(inputs=inputs, example=example):
                made = document(inputs, outputs, params, example)
                validate(made, cls=OpenAPIV31SpecValidator)
                for path, operation in made["paths"].items():
                    content = operation.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
                    if "example" in content:
                        valid(made, content["schema"]["$ref"].rsplit("/", 1)[1], content["example"])
                self.assertEqual(inputs is None, "example" not in made["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"])

    def test_types(self):
        made = document(COLUMNS, None, PARAMS)
        forms = made["components"]["schemas"]["Request"]["anyOf"]
        row = next(form["properties"]["dataframe_records"]["items"] for form in forms if "dataframe_records" in form["properties"])
        self.assertEqual(["a", "c", "d", "e", "f", "g", "h", "i", "j"], row["required"])
        self.assertEqual({"type": "array", "items": {"type": "array", "items": {"type": ["number", "null"], "format": "float"}}}, row["properties"]["g"])
        self.assertEqual(["k"], row["properties"]["h"]["required"])
        self.assertEqual({"type": "string", "contentEncoding": "base64"}, row["properties"]["d"])
        params = forms[0]["properties"]["params"]["properties"]
        self.assertEqual([1.5, ["a"]], [params[name]["default"] for name in ("cutoff", "stop")])
        with self.assertRaises(jsonschema.ValidationError):
            valid(made, "Request", {"dataframe_records": [{"a": "x"}]})

    def test_examples(self):
        """What is no example that could be shown is none."""
        columns = Schema([ColSpec("double", "a"), ColSpec("string", "b")])
        saved = {"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, "x"], [2, "y"]]}, "params": {"p": 1}}
        made = document(columns, example=saved)["paths"]
        self.assertEqual(saved, made["/invocations"]["post"]["requestBody"]["content"]["application/json"]["example"])
        v2 = made["/v2/models/iris/infer"]["post"]["requestBody"]["content"]["application/json"]["example"]
        self.assertEqual({"inputs": [{"name": "a", "shape": [2], "datatype": "FP64", "data": [1.5, 2]}, {"name": "b", "shape": [2], "datatype": "BYTES", "data": ["x", "y"]}],
                          "parameters": {"p": 1}}, v2)
        for odd in ("{", "NaN", "[" * 10000, '"' + "x" * 300000 + '"', {"dataframe_split": {"columns": ["a"], "data": [1]}}, {"dataframe_split": {"columns": 1}},
                    {"inputs": 1}, {"dataframe_split": {"columns": ["a"]}}, [1], {"inputs": {"a": [[1], 2], "b": {}}}):
            with self.subTest(odd=str(odd)[:50]):
                validate(document(columns, example=odd), cls=OpenAPIV31SpecValidator)


class TestAnswers(unittest.TestCase):
    def test_true(self):
        """Each path of the document answers as the document says."""
        for example in ("iris", "lightgbm", "pyfunc"):
            with Server(EXAMPLES / example / "model", docs="model", **EVERY) as server, self.subTest(example):
                status, headers, text = server.ask("GET", "/openapi.json")
                self.assertEqual((200, "application/json"), (status, headers["content-type"]))
                made = json.loads(text)
                validate(made, cls=OpenAPIV31SpecValidator)
                for path, operations in made["paths"].items():
                    for method, operation in operations.items():
                        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                        body = json.dumps(content["example"]).encode() if content else None
                        for sent, wanted in ((body, "200"), (b"{", "400")) if content else ((None, "200"),):
                            status, _, answer = server.ask(method.upper(), path, sent, JSON)
                            self.assertEqual(wanted, str(status), (path, answer))
                            schema = operation["responses"][wanted].get("content", {}).get("application/json", {}).get("schema")
                            if schema:
                                valid(made, schema["$ref"].rsplit("/", 1)[1], json.loads(answer))
                self.assertIn("/v2/models/iris/versions/1/infer", made["paths"])

    def test_page(self):
        with Server(EXAMPLES / "iris" / "model", docs="model", **NAMED) as server:
            status, headers, page = server.ask("GET", "/docs")
            self.assertEqual((200, "text/html; charset=utf-8", "nosniff", "no-referrer"),
                             (status, headers["content-type"], headers["x-content-type-options"], headers["referrer-policy"]))
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            self.assertNotIn("unsafe", headers["content-security-policy"])
            self.assertNotRegex(page.decode(), r"(?i)https?://|(src|href)=[\"']?//")
            self.assertNotIn(b"sepal", page)
            self.assertEqual((200, b""), server.ask("HEAD", "/docs")[::2])
            self.assertEqual([404, 404], [server.ask("GET", path)[0] for path in ("/redoc", "/docs/oauth2-redirect")])
            self.assertNotIn("/v2", json.loads(server.ask("GET", "/openapi.json")[2])["paths"])

    def test_off(self):
        with Server(EXAMPLES / "iris" / "model", docs="off", **NAMED) as server:
            for path in ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
                self.assertEqual((404, b'{"detail":"Not Found"}'), server.ask("GET", path)[::2])
            body = (EXAMPLES / "iris" / "model" / "serving_input_example.json").read_bytes()
            self.assertEqual(200, server.ask("POST", "/invocations", body, JSON)[0])


if __name__ == "__main__":
    unittest.main()
