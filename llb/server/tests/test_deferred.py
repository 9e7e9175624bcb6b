import importlib
import os
import sys
import tempfile
import threading
import types
import unittest

from deployfile_server import deferred

BODY = """
import sys, time
sys.ran.append(__name__)
time.sleep(0.05)
value = 1
def call(x):
    return x + 1
call.note = "a note"
import dflate.user
"""


class TestDeferred(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        package = os.path.join(directory.name, "dflate")
        os.mkdir(package)
        files = {
            "__init__": BODY, "child": "", "eager": "import sys\nsys.ran.append(__name__)",
            "user": "import dflate\nseen = hasattr(dflate, 'value'), hasattr(dflate, 'never')",
            "calls": "from dflate import call", "uses": "from dflate import call",
            "broken": "import sys\nsys.ran.append(__name__)\nraise ImportError('broken')"}
        for name, text in files.items():
            with open(os.path.join(package, name + ".py"), "w") as f:
                f.write(text)
        sys.ran = []
        sys.path.insert(0, directory.name)
        finder = deferred.Finder({"dflate": deferred.Deferring, "dflate.broken": deferred.Deferring})
        sys.meta_path.insert(0, finder)
        self.addCleanup(self.clean, directory.name, finder)

    def clean(self, directory, finder):
        sys.path.remove(directory)
        sys.meta_path.remove(finder)
        deferred.importers.clear()
        for name in [n for n in sys.modules if n.split(".")[0] == "dflate"]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def test_runs_when_asked(self):
        import dflate
        import dflate.child
        self.assertEqual([], sys.ran)
        self.assertTrue(dflate.__file__.endswith("__init__.py"))
        self.assertIsNone(getattr(dflate, "__warningregistry__", None))
        self.assertEqual("SourceFileLoader", type(dflate.__spec__.loader).__name__)
        self.assertEqual([], sys.ran)
        self.assertEqual(1, dflate.value)
        self.assertEqual(["dflate"], sys.ran)
        self.assertIs(types.ModuleType, type(dflate))
        self.assertIs(sys.modules["dflate.child"], dflate.child)
        # What the body itself imports sees the names so far.
        self.assertEqual((True, False), dflate.user.seen)
        with self.assertRaisesRegex(AttributeError, "module 'dflate' has no attribute 'never'"):
            dflate.never

    def test_looked_at(self):
        import dflate
        self.assertIn("value", dir(dflate))
        self.assertEqual(["dflate"], sys.ran)

    def test_set(self):
        import dflate
        dflate.value = 2
        self.assertEqual(2, dflate.value)
        self.assertEqual(1, dflate.call(0))

    def test_once_for_all_threads(self):
        import dflate
        found = []
        threads = [threading.Thread(target=lambda: found.append(dflate.value)) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual([1] * 8, found)
        self.assertEqual(["dflate"], sys.ran)

    def test_broken(self):
        import dflate.broken
        for _ in range(2):
            with self.assertRaisesRegex(ImportError, "broken"):
                dflate.broken.name

    def test_stand_in(self):
        deferred.importers.add(("dflate.calls", "dflate", "call"))
        import dflate.calls
        self.assertEqual([], sys.ran)
        self.assertEqual(2, dflate.calls.call(1))
        self.assertEqual("a note", dflate.calls.call.note)
        import pickle
        self.assertIs(dflate.call, pickle.loads(pickle.dumps(dflate.calls.call)))
        # Any other gets the function itself.
        import dflate.uses
        self.assertIs(dflate.call, dflate.uses.call)

    def test_others_load_as_always(self):
        import dflate.eager
        self.assertEqual(["dflate.eager"], sys.ran)
        self.assertIs(types.ModuleType, type(dflate.eager))


if __name__ == "__main__":
    unittest.main()
