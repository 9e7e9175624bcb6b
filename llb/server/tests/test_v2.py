"""The Open Inference Protocol: what a model is given of a request, and what it answers."""

import datetime
import math
import unittest

import numpy as np
import pandas as pd
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType, Array, Map, Object, Property

from .v2model import App, tensor

LIMITS = {t: np.iinfo(t.lower()) for t in ("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64")}


class TestInputs(unittest.TestCase):
    def given(self, app, *tensors, **request):
        status, answer = app.infer(*tensors, **request)
        self.assertEqual(200, status, answer)
        return app.impl.data

    def refused(self, app, words, *tensors, **request):
        status, answer = app.infer(*tensors, **request)
        self.assertEqual((400, ["error"]), (status, list(answer)), answer)
        self.assertIn(words, answer["error"])

    def test_datatypes(self):
        """Each datatype is NumPy's, its limits arrive, and what is beyond them is refused."""
        app = App()
        for datatype, limits in LIMITS.items():
            with self.subTest(datatype):
                got = self.given(app, tensor("x", [2], datatype, [int(limits.min), int(limits.max)]))
                self.assertEqual((datatype.lower(), [limits.min, limits.max]), (got.dtype.name, got.tolist()))
                for beyond in (int(limits.min) - 1, int(limits.max) + 1, 10**400):
                    self.refused(app, "outside of " + datatype if beyond < 10**400 else "", tensor("x", [1], datatype, [beyond]))
                for other in (1.0, True, "1", None, [1], {}):
                    self.refused(app, datatype, tensor("x", [1], datatype, [other]))
        for datatype, most in (("FP16", 65504), ("FP32", 3.4028234663852886e38), ("FP64", 1.7976931348623157e308)):
            with self.subTest(datatype):
                got = self.given(app, tensor("x", [6], datatype, [1, 0.5, most, None, "NaN", "-Infinity"]))
                self.assertEqual("float" + datatype[2:], got.dtype.name)
                self.assertEqual([1, 0.5, most], got[:3].tolist())
                self.assertTrue(np.isnan(got[3:5]).all() and got[5] == -math.inf)
                self.refused(app, "outside of " + datatype, tensor("x", [1], datatype, [10**400]))
                for other in (True, "1", [1]):
                    self.refused(app, datatype, tensor("x", [1], datatype, [other]))
        self.refused(app, "outside of FP16", tensor("x", [1], "FP16", [65520]))
        got = self.given(app, tensor("x", [2], "BOOL", [True, False]))
        self.assertEqual(("bool", [True, False]), (got.dtype.name, got.tolist()))
        self.refused(app, "a whole number", tensor("x", [1], "BOOL", [1]))
        self.assertEqual(["ä", None], self.given(app, tensor("x", [2], "BYTES", ["ä", None])).tolist())
        self.refused(app, "a whole number", tensor("x", [1], "BYTES", [1]))
        for unknown in ("STRING", "fp32", None, 1, [1], {}):
            self.refused(app, "unknown datatype", tensor("x", [1], unknown, [1]))

    def test_shapes(self):
        app = App()
        for data in ([1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]):
            self.assertEqual([[1, 2, 3], [4, 5, 6]], self.given(app, tensor("x", [2, 3], "INT32", data)).tolist())
        self.assertEqual((2, 0), self.given(app, tensor("x", [2, 0], "INT32", [])).shape)
        self.assertEqual((), self.given(app, tensor("x", [], "INT32", [1])).shape)
        for shape, data, words in (
                ([2, 3], [1], "1 elements"), ([2, 3], [[1, 2], [3, 4], [5, 6]], "nested"), ([2], [[1, 2]], "1 elements"), ([2, 2], [[1, 2], 3], "nested"),
                ([2, 2], [[1, 2], [3]], "nested"), ([-1], [1], "shape"), ([1.0], [1], "shape"), ([True], [1], "shape"), ([1] * 33, [1], "shape"),
                ([2**40, 0], [], "too large"), ([0, 2**62, 2**62], [], "too large"), ([10**30], [1], "shape"), ([10**6] * 30, [1], "1 elements"), (None, [1], "shape"), ([1], 1, "not a list"), ([1], None, "not a list")):
            self.refused(app, words, tensor("x", shape, "INT32", data))

    def test_requests(self):
        app, x = App(), tensor("x", [1], "INT32", [1])
        for body, words in (
                (b"{", "not JSON"), (b"\xff", "not JSON"), (b"[" * 100000, "not JSON"), (b"[]", "not an object"), (b"{}", "inputs is missing"),
                (b'{"inputs": []}', "inputs is missing"), ({"inputs": [1]}, "inputs[0]"), ({"inputs": [{}]}, "no name"),
                ({"inputs": [x, x]}, "two inputs"), ({"inputs": [x], "id": 1}, "id"), ({"inputs": [x], "parameters": []}, "parameters"),
                ({"inputs": [{**x, "parameters": 1}]}, "parameters"), ({"inputs": [x], "outputs": [1]}, "outputs"),
                ({"inputs": [{"name": "x", "shape": [1], "datatype": "INT32"}]}, "no data"), ({"inputs": [x], "outputs": [{"name": "no"}]}, "unknown output 'no'")):
            with self.subTest(words):
                status, answer = app.ask("POST", "/v2/models/m/infer", body)
                self.assertEqual((400, ["error"]), (status, list(answer)))
                self.assertIn(words, answer["error"])
        status, answer = app.ask("POST", "/v2/models/m/infer", {"inputs": [x]}, [(b"inference-header-content-length", b"10")])
        self.assertEqual(400, status)
        self.assertIn("binary_data=False", answer["error"])
        self.assertEqual(415, app.ask("POST", "/v2/models/m/infer", {"inputs": [x]}, [(b"content-encoding", b"gzip")])[0])
        self.assertEqual({"id": "42"}, {k: v for k, v in app.infer(x, id="42")[1].items() if k == "id"})

    def test_columns(self):
        """Named columns make a table with MLflow's types, in any order and of several shapes."""
        app = App(Schema([ColSpec("double", "a"), ColSpec("string", "b"), ColSpec("long", "c", required=False)]))
        got = self.given(app, tensor("b", [2, 1], "BYTES", ["x", "y"]), tensor("a", [2], "FP32", [0.5, 1]))
        self.assertEqual(({"a": [0.5, 1.0], "b": ["x", "y"]}, "float64"), (got.to_dict("list"), got["a"].dtype.name))
        self.assertEqual(["int64"], [t.name for t in self.given(app, tensor("a", [1], "INT64", [1]), tensor("b", [1], "BYTES", ["x"]),
                                                               tensor("c", [1], "UINT8", [3])).dtypes[2:]])
        self.refused(app, "Model is missing inputs ['b']", tensor("a", [1], "FP64", [1]))
        self.refused(app, "differ in their first dimension", tensor("a", [1], "FP64", [1]), tensor("b", [2], "BYTES", ["x", "y"]))
        self.refused(app, "no rows", tensor("a", [], "FP64", [1]), tensor("b", [1], "BYTES", ["x"]))
        self.refused(app, "Failed to convert column a", tensor("a", [1], "BYTES", ["x"]), tensor("b", [1], "BYTES", ["x"]))
        # A matrix has the columns in their order.
        numbers = App(Schema([ColSpec("double", "a"), ColSpec("double", "b")]))
        self.assertEqual({"a": [1, 3], "b": [2, 4]}, self.given(numbers, tensor("input-0", [2, 2], "FP64", [1, 2, 3, 4])).to_dict("list"))

    def test_types_of_columns(self):
        app = App(Schema([
            ColSpec("binary", "bytes"), ColSpec("datetime", "time"), ColSpec(Array(DataType.double), "list"), ColSpec(Object([Property("k", DataType.long)]), "object"),
            ColSpec(Map(DataType.string), "map"), ColSpec(AnyType(), "any"), ColSpec("boolean", "flag"), ColSpec("float", "f"), ColSpec("integer", "i")]))
        rest = (tensor("time", [2], "BYTES", ["2026-01-02T03:04:05", "2026-01-02"]), tensor("list", [2, 3], "FP64", [1, 2, 3, 4, 5, 6]),
                tensor("object", [2], "BYTES", ['{"k": 1}', '{"k": 2}']), tensor("map", [2], "BYTES", ['{"x": "1"}', "{}"], content_type="json"),
                tensor("any", [2], "BYTES", ["[1]", '"s"'], content_type="json"), tensor("flag", [2], "BOOL", [True, False]),
                tensor("f", [2], "FP64", [1, 2]), tensor("i", [2], "INT64", [1, 2]))
        for data, content, want in ((["AAE=", "/w=="], {}, [b"\0\1", b"\xff"]), (["ä", "b"], {"content_type": "str"}, ["ä".encode(), b"b"])):
            got = self.given(app, tensor("bytes", [2], "BYTES", data, **content), *rest)
            self.assertEqual(want, got["bytes"].tolist())
        self.assertEqual(("datetime64[ns]", pd.Timestamp("2026-01-02T03:04:05")), (got["time"].dtype.name, got["time"][0]))
        self.assertEqual([[1, 2, 3], [4, 5, 6]], [list(x) for x in got["list"]])
        self.assertEqual([{"k": 1}, {"k": 2}], got["object"].tolist())
        self.assertEqual([[1], "s"], got["any"].tolist())
        self.assertEqual(["bool", "float32", "int32"], [got[c].dtype.name for c in ("flag", "f", "i")])
        described = {t["name"]: (t["datatype"], t["shape"], t.get("parameters", {}).get("content_type")) for t in app.ask("GET", "/v2/models/m")[1]["inputs"]}
        self.assertEqual({
            "bytes": ("BYTES", [-1, 1], "base64"), "time": ("BYTES", [-1, 1], "datetime"), "list": ("FP64", [-1, -1], None), "object": ("BYTES", [-1, 1], "json"),
            "map": ("BYTES", [-1, 1], "json"), "any": ("BYTES", [-1, 1], "json"), "flag": ("BOOL", [-1, 1], None), "f": ("FP32", [-1, 1], None),
            "i": ("INT32", [-1, 1], None)}, described)

    def test_tensors(self):
        one = App(Schema([TensorSpec(np.dtype("float32"), (-1, 2))]))
        self.assertEqual(("float32", [[1, 2]]), ((got := self.given(one, tensor("any", [1, 2], "FP64", [1, 2]))).dtype.name, got.tolist()))
        self.refused(one, "(1, 3)", tensor("any", [1, 3], "FP32", [1, 2, 3]))
        self.refused(one, "takes one input", tensor("a", [1], "FP32", [1]), tensor("b", [1], "FP32", [1]))
        whole = App(Schema([TensorSpec(np.dtype("int64"), (-1,))]))
        self.refused(whole, "takes int64", tensor("any", [1], "FP32", [1.5]))
        two = App(Schema([TensorSpec(np.dtype("uint8"), (-1, 2), "image"), TensorSpec(np.dtype("str"), (-1,), "text")]))
        got = self.given(two, tensor("text", [1], "BYTES", ["a"]), tensor("image", [1, 2], "UINT8", [1, 255]))
        self.assertEqual(({"image": [[1, 255]], "text": ["a"]}, "uint8"), ({k: v.tolist() for k, v in got.items()}, got["image"].dtype.name))
        described = two.ask("GET", "/v2/models/m")[1]["inputs"]
        self.assertEqual([{"name": "image", "datatype": "UINT8", "shape": [-1, 2]}, {"name": "text", "datatype": "BYTES", "shape": [-1]}], described)

    def test_content_types(self):
        app, x, y = App(), tensor("x", [2], "INT32", [1, 2]), tensor("y", [2, 1], "BYTES", ["a", "b"])
        self.assertEqual({"x": [1, 2], "y": ["a", "b"]}, self.given(app, x, y, parameters={"content_type": "pd"}).to_dict("list"))
        self.assertEqual(["x", "y"], list(self.given(app, x, y)))
        self.assertEqual(["x"], list(self.given(app, x, parameters={"content_type": "dict"})))
        self.assertEqual("int32", self.given(app, x, parameters={"content_type": "np"}).dtype.name)
        self.assertEqual([["a"], ["b"]], self.given(app, y, parameters={"content_type": "str"}))
        self.assertEqual([b"ab"], self.given(app, tensor("x", [1], "BYTES", ["YWI="], content_type="base64")).tolist())
        self.assertEqual([datetime.datetime(2026, 1, 2)], self.given(app, tensor("x", [1], "BYTES", ["2026-01-02"], content_type="datetime")).tolist())
        self.refused(app, "unknown content_type", x, parameters={"content_type": "csv"})
        self.refused(app, "unknown content_type", tensor("x", [1], "BYTES", ["a"], content_type="hg_conversation"))
        for content in ("base64", "datetime", "json"):
            self.refused(app, content, tensor("x", [1], "BYTES", ["ä!"], content_type=content))
        # Of a type hint, such as list[str], the model is given a list.
        self.assertEqual(["a", "b"], self.given(App(Schema([ColSpec("string")]), hints=True), tensor("x", [2], "BYTES", ["a", "b"])))

    def test_parameters(self):
        """The model gets the parameters of its signature, and none of a client's own."""
        app = App(Schema([ColSpec("long", "a")]), params=ParamSchema([ParamSpec("cutoff", DataType.double, 1.0)]))
        x = tensor("a", [1], "INT64", [1])
        self.given(app, x, parameters={"cutoff": 2.5, "binary_data_output": True})
        self.assertEqual({"cutoff": 2.5}, app.impl.params)
        self.given(app, x)
        self.assertEqual({"cutoff": 1.0}, app.impl.params)
        self.refused(app, "cutoff", x, parameters={"cutoff": "much"})


class TestOutputs(unittest.TestCase):
    def answered(self, prediction, outputs=None, asked=()):
        app = App(outputs=outputs, answer=lambda _: prediction)
        status, answer = app.infer(tensor("x", [1], "INT32", [1]), outputs=[{"name": name} for name in asked])
        self.assertEqual(200, status, answer)
        return answer["outputs"]

    def test_arrays(self):
        for dtype in [t.lower() for t in LIMITS] + ["float16", "float32", "float64"]:
            [got] = self.answered(np.array([[1, 2], [3, 4]], dtype))
            self.assertEqual({"name": "output-0", "shape": [2, 2], "datatype": dtype.upper().replace("FLOAT", "FP"), "data": [1, 2, 3, 4]}, got)
        self.assertEqual(("BOOL", [True]), ((got := self.answered(np.array([True]))[0])["datatype"], got["data"]))
        self.assertEqual(["NaN", "Infinity", "-Infinity", 1.0], self.answered(np.array([math.nan, math.inf, -math.inf, 1]))[0]["data"])
        self.assertEqual(("BYTES", ["a", "b"]), ((got := self.answered(np.array(["a", "b"]))[0])["datatype"], got["data"]))
        self.assertEqual(["2026-01-02T00:00:00"], self.answered(np.array(["2026-01-02"], "datetime64[D]"))[0]["data"])
        self.assertEqual(([1], [3.5]), ((got := self.answered(np.float64(3.5))[0])["shape"], got["data"]))
        self.assertEqual([0], self.answered(np.zeros((0, 3)))[0]["shape"][:1])

    def test_tables(self):
        frame = pd.DataFrame({
            "i": [1, 2], "f": [0.5, None], "s": ["a", None], "b": [True, False], "t": pd.to_datetime(["2026-01-02", None]), "n": pd.array([1, None], "Int64"),
            "c": pd.Categorical(["x", "y"]), "raw": [b"\0", b"\1"], "l": [[1, 2], [3, 4]], "o": [{"k": 1}, {"k": [2]}], "m": [1, "a"], 7: [1, 2]})
        got = {t["name"]: (t["datatype"], t["shape"], t["data"], t.get("parameters", {}).get("content_type")) for t in self.answered(frame)}
        self.assertEqual({
            "i": ("INT64", [2, 1], [1, 2], None), "f": ("FP64", [2, 1], [0.5, "NaN"], None), "s": ("BYTES", [2, 1], ["a", None], "str"),
            "b": ("BOOL", [2, 1], [True, False], None), "t": ("BYTES", [2, 1], ["2026-01-02T00:00:00", None], "datetime"), "n": ("INT64", [2, 1], [1, None], None),
            "c": ("BYTES", [2, 1], ["x", "y"], "str"), "raw": ("BYTES", [2, 1], ["AA==", "AQ=="], "base64"), "l": ("INT64", [2, 2], [1, 2, 3, 4], None),
            "o": ("BYTES", [2, 1], ['{"k": 1}', '{"k": [2]}'], "json"), "m": ("BYTES", [2, 1], ["1", '"a"'], "json"), "7": ("INT64", [2, 1], [1, 2], None)}, got)

    def test_others(self):
        for prediction, want in (
                ("text", ("BYTES", [1], ["text"])), ([1, 2.5], ("FP64", [2], [1, 2.5])), (["a", "b"], ("BYTES", [2], ["a", "b"])),
                ([["a"], ["b"]], ("BYTES", [2, 1], ["a", "b"])), ([{"a": np.int64(1)}], ("BYTES", [1], ['{"a": 1}'])), (None, ("BYTES", [1], [None])),
                ([], ("BYTES", [0], [])), ([[1], [2, 3]], ("BYTES", [2], ["[1]", "[2, 3]"])), (pd.Series([1.5]), ("FP64", [1, 1], [1.5])), (True, ("BOOL", [1], [True])),
                ([10**30], ("BYTES", [1], [str(10**30)])), ([np.array([1.0, 2.0])], ("FP64", [1, 2], [1, 2]))):
            with self.subTest(prediction=prediction):
                [got] = self.answered(prediction)
                self.assertEqual(want, (got["datatype"], got["shape"], got["data"]))

    def test_names(self):
        names = Schema([ColSpec("double", "p"), ColSpec("double", "q")])
        self.assertEqual([("p", [1, 3]), ("q", [2, 4])], [(t["name"], t["data"]) for t in self.answered(np.array([[1, 2], [3, 4]]), names)])
        self.assertEqual(["score"], [t["name"] for t in self.answered([1], Schema([ColSpec("double", "score")]))])
        both = {"a": np.array([1]), "b": [2.5]}
        self.assertEqual(["a", "b"], [t["name"] for t in self.answered(both)])
        self.assertEqual(["b"], [t["name"] for t in self.answered(both, asked=["b"])])

    def test_failures(self):
        def fails(_):
            raise ValueError("no such colour")
        with self.assertLogs("deployfile_server.v2.app", "ERROR"):
            status, answer = App(answer=fails).infer(tensor("x", [1], "INT32", [1]))
        self.assertEqual((500, "the model failed: ValueError: no such colour"), (status, answer["error"]))
        with self.assertLogs("deployfile_server.v2.app", "ERROR"):
            status, answer = App(answer=lambda _: [object()]).infer(tensor("x", [1], "INT32", [1]))
        self.assertEqual(500, status)
        self.assertIn("cannot be encoded", answer["error"])


class TestPaths(unittest.TestCase):
    def test_paths(self):
        app = App(name="a/b", version="1.0 ä")
        for path in ("/v2", "/v2/", "/v2/health/live", "/v2/health/ready", "/v2/models/a%2Fb", "/v2/models/a%2Fb/ready",
                     "/v2/models/a%2Fb/versions/1.0%20%C3%A4", "/v2/models/a%2Fb/versions/1.0%20%C3%A4/ready"):
            self.assertEqual(200, app.ask("GET", path)[0], path)
            self.assertEqual(405, app.ask("POST", path)[0], path)
        for path in ("/v2/models", "/v2/models/a", "/v2/models/a%2Fb/versions", "/v2/models/a%2Fb/versions/2", "/v2/models/a%2Fb/config", "/v2/x", "/v2/health"):
            status, answer = app.ask("GET", path)
            self.assertEqual((404, ["error"]), (status, list(answer)), path)
        self.assertEqual(405, app.ask("GET", "/v2/models/a%2Fb/infer")[0])
        self.assertEqual(["1"], App().ask("GET", "/v2/models/m")[1]["versions"])


if __name__ == "__main__":
    unittest.main()
