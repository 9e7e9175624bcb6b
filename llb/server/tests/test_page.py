"""The page of the model, in a browser that reaches the server alone."""

import json
import pathlib
import tempfile
import unittest

from .chromium import Chromium
from .laid import EXAMPLES, Server

SETTINGS = {"docs": "model", "protocols": ["v2"], "model": {"name": "iris", "version": "7"}}
# Names that would be markup, end a program, or be a formula, if anything took them for text of
# a page.
HOSTILE = ('<img src=x onerror="window.hit=1">', "</script><script>window.hit=1</script>", "</textarea><b>bold", "{{7*7}}", "&lt;i&gt;", "\u202egnp.exe", "__proto__",
           "javascript:window.hit=1", "a'b\"c\\", "\x00\x1b[31m")
MODEL = """
from mlflow.pyfunc.model import PythonModel
from mlflow.models import set_model
class Echo(PythonModel):
    def predict(self, context, model_input, params=None):
        return [*model_input.columns, 2**53 + 1]
set_model(Echo())
"""


def hostile(directory):
    """A model whose columns, parameter, example and answer are hostile."""
    directory = pathlib.Path(directory)
    (directory / "echo.py").write_text(MODEL)
    columns = [{"type": "double", "name": name, "required": True} for name in HOSTILE]
    (directory / "MLmodel").write_text(json.dumps({
        "flavors": {"python_function": {"loader_module": "mlflow.pyfunc.model", "model_code_path": "echo.py"}},
        "signature": {"inputs": json.dumps(columns), "outputs": None, "params": json.dumps([{"name": HOSTILE[0], "type": "string", "default": HOSTILE[1], "shape": None}])}}))
    (directory / "serving_input_example.json").write_text(json.dumps({"dataframe_split": {"columns": HOSTILE, "data": [[2**53 + 1] * len(HOSTILE)]}}))
    return directory


class TestPage(unittest.TestCase):
    def check(self, browser, server):
        """Nothing failed, nothing was blocked, and nothing else was asked for anything."""
        self.assertEqual([], browser.of("Runtime.exceptionThrown"))
        self.assertEqual([], browser.of("Log.entryAdded"))
        self.assertEqual([], browser.of("Page.javascriptDialogOpening"))
        asked = {event["request"]["url"] for event in browser.of("Network.requestWillBeSent")} - {"data:,"}
        self.assertLessEqual({address for address in asked if not address.startswith(f"http://127.0.0.1:{server.port}/")}, {"about:blank"})

    def test_predicts(self):
        with Server(EXAMPLES / "iris" / "model", **SETTINGS) as server, Chromium() as browser:
            browser.open(f"http://127.0.0.1:{server.port}/docs")
            browser.wait("document.getElementById('body').value !== ''")
            self.assertEqual("iris", browser.run("document.title"))
            self.assertIn("sepal length (cm)\tnumber (double)", browser.run("document.querySelector('table').innerText"))
            # By the keyboard alone: to the button, and Enter; then from the text.
            browser.run("document.getElementById('body').focus()")
            browser.press("Tab", 9)
            self.assertEqual("send", browser.run("document.activeElement.id"))
            browser.press("Enter", 13, "\r")
            browser.wait("document.getElementById('answer').textContent !== ''")
            self.assertEqual({"predictions": [0, 1, 2]}, json.loads(browser.run("document.getElementById('answer').textContent")))
            self.assertIn("200", browser.run("document.getElementById('status').textContent"))
            browser.run("(s => { s.value = '/v2/models/iris/infer'; s.dispatchEvent(new Event('change')); document.getElementById('body').focus(); })(document.getElementById('path'))")
            browser.press("Enter", 13, modifiers=2)
            browser.wait("document.getElementById('answer').textContent.includes('outputs')")
            self.assertEqual([0, 1, 2], json.loads(browser.run("document.getElementById('answer').textContent"))["outputs"][0]["data"])
            # An error is shown as the server says it.
            browser.run("document.getElementById('body').value = '{'; document.getElementById('send').click()")
            browser.wait("document.getElementById('answer').className === 'bad'")
            self.assertIn("not JSON", browser.run("document.getElementById('answer').textContent"))
            # Chromium itself says that an answer was 400.
            browser.events = [e for e in browser.events if "status of 400" not in e.get("params", {}).get("entry", {}).get("text", "")]
            self.check(browser, server)
            self.names(browser)

    def names(self, browser):
        """What takes input, and the answer, has a name that a screen reader says."""
        browser.call("Accessibility.enable")
        found = {}
        for node in browser.call("Accessibility.getFullAXTree")["nodes"]:
            if node.get("role", {}).get("value") in ("textbox", "button", "combobox", "status", "form", "table", "main", "heading"):
                found.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
        self.assertEqual(["Request, as JSON"], found["textbox"])
        self.assertEqual(["Send", "Example again"], found["button"])
        self.assertEqual((["Path"], ["Predict"], ["Inputs"], 1), (found["combobox"], found["form"], found["table"], len(found["status"])))
        self.assertEqual(["iris", "Predict", "Answer", "Inputs"], found["heading"])

    def test_hostile_names(self):
        with tempfile.TemporaryDirectory() as directory:
            with Server(hostile(directory), docs="model", model={"name": HOSTILE[0], "version": HOSTILE[1]}) as server, Chromium() as browser:
                browser.open(f"http://127.0.0.1:{server.port}/docs")
                browser.wait("document.getElementById('body').value !== ''")
                self.assertIn(str(2**53 + 1), browser.run("document.getElementById('body').value"))
                elements = browser.run("document.querySelectorAll('*').length")
                browser.run("document.getElementById('send').click()")
                browser.wait("document.getElementById('answer').textContent !== ''")
                self.assertEqual([*HOSTILE, 2**53 + 1], json.loads(browser.run("document.getElementById('answer').textContent"))["predictions"])
                shown = browser.run("[...document.querySelectorAll('tbody tr')].map(tr => tr.cells[0].textContent)")
                self.assertEqual([*HOSTILE, HOSTILE[0] + " (parameter)"], shown)
                self.assertEqual((HOSTILE[0], elements), (browser.run("document.title"), browser.run("document.querySelectorAll('*').length")))
                self.assertEqual(0, browser.run("document.querySelectorAll('img, b, i, script:not(:last-of-type)').length"))
                self.assertEqual("undefined", browser.run("typeof window.hit"))
                self.check(browser, server)

    def test_policy(self):
        """The browser refuses what is not in the page: markup that came in after all would do nothing."""
        with Server(EXAMPLES / "iris" / "model", **SETTINGS) as server, Chromium() as browser:
            browser.open(f"http://127.0.0.1:{server.port}/docs")
            browser.wait("document.getElementById('body').value !== ''")
            browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit=1\">')")
            browser.run("(s => { s.textContent = 'window.hit=2'; document.body.append(s); })(document.createElement('script'))")
            self.assertEqual("refused", browser.run("fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'refused')"))
            browser.wait("true")
            self.assertEqual("undefined", browser.run("typeof window.hit"))
            self.assertGreaterEqual(len([e for e in browser.of("Log.entryAdded") if "Content Security Policy" in e["entry"]["text"]]), 3)


if __name__ == "__main__":
    unittest.main()
