import importlib
import os
import tempfile
import unittest

from deployfile_server import lean
from deployfile_server.skops import Later


class TestLean(unittest.TestCase):
    def test_installed(self):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            for directory, name in ((first, "scikit_learn-1.9.1"), (first, "mlflow_skinny-3.17.2"), (first, "odd-x"), (second, "scikit_learn-1.2.0")):
                os.mkdir(os.path.join(directory, name + ".dist-info"))
            versions = lean.installed([first, second, os.path.join(first, "missing"), os.path.join(first, "file.zip")])
        self.assertEqual({"scikit-learn": (1, 9), "mlflow-skinny": (3, 17), "mlflow": (3, 17)}, versions)

    def test_known_versions_only(self):
        known = {"scipy": (1, 17), "mlflow": (3, 17), "skops": (0, 16)}
        self.assertEqual({"scipy.stats", "scipy.stats.mstats", "mlflow.genai", "skops.io._utils"}, set(lean.loaders(known)))
        self.assertEqual({}, lean.loaders({"scipy": (2, 0), "mlflow": (4, 0), "skops": (1, 0)}))
        self.assertEqual({}, lean.loaders({}))

    def test_importers_import(self):
        """Each module in the list imports the name, and calls it in functions alone: the
        list ages with scikit-learn."""
        for importer, module, name in lean.IMPORTERS:
            real = getattr(importlib.import_module(module), name)
            self.assertIs(real, getattr(importlib.import_module(importer), name))


class TestLater(unittest.TestCase):
    def test_is_a_list(self):
        made = []

        def make():
            made.append(1)
            return ["a", "b"]

        for look in (lambda x: x + ["c"] == ["a", "b", "c"], lambda x: ["c"] + x == ["c", "a", "b"], lambda x: x + Later(make) == ["a", "b"] * 2,
                     lambda x: "b" in x and "c" not in x, lambda x: list(x) == ["a", "b"] and len(x) == 2 and set(x) == {"a", "b"},
                     lambda x: x[0] == "a" and x[-1:] == ["b"], lambda x: sorted(x) == ["a", "b"] and bool(x), lambda x: repr(x) == "['a', 'b']",
                     lambda x: [*x] == ["a", "b"], lambda x: x == ["a", "b"], lambda x: ["a", "b"] == x, lambda x: isinstance(x, list)):
            self.assertTrue(look(Later(make)))
        made.clear()
        one = Later(make)
        self.assertEqual([], made)
        self.assertEqual(["a", "b"], one + [])
        self.assertEqual(["a", "b"], list(one))
        self.assertEqual([1], made)


if __name__ == "__main__":
    unittest.main()
