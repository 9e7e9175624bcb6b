"""What wheel_test.go runs: each command and flag has its parameter, and each example runs.

surface_test.py PROJECT
"""

import ast
import doctest
import importlib
import inspect
import json
import os
import pkgutil
import shutil
import sys
import tempfile
from pathlib import Path

import deployfile
from deployfile import aio, commands

COMMANDS = Path(__file__).resolve().parents[2] / "docs" / "commands.json"

#: Functions that a command has beside the one of its name.
MORE = {"diff": ["diff_targets"], "logs": ["follow_logs"], "plan": ["plan_sizes", "plan_page", "plan_graph"], "predict": ["predict_batch"]}

#: Flags that functions set themselves, or of which there is a function each.
OWN = {
    "": {"json", "progress"},
    "delete": {"yes"},  # a function asks nobody
    "logs": {"follow"},  # follow_logs
    "plan": {"sizes", "format", "graph"},  # plan_sizes, plan_page, plan_graph
    "predict": {"batch", "input", "output"},  # predict_batch; data, and what is returned
}


def covers() -> None:
    """Compare the parameters with the flags, both ways."""
    named = set()
    for command in json.loads(COMMANDS.read_text(encoding="utf-8")):
        name = command["name"].replace(" ", "_")
        if not name:
            continue
        functions = [name, *MORE.get(name, [])]
        named.update(functions)
        parameters: set[str] = set()
        for function in functions:
            signature = inspect.signature(getattr(deployfile, function))
            parameters |= {p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY}
            assert inspect.signature(getattr(aio, function)) == signature, f"aio.{function}"
        flags = {flag["name"] for flag in command["flags"]} - OWN[""] - OWN.get(command["name"], set())
        want = {flag.replace("-", "_") for flag in flags} | {"on_event"}
        assert parameters == want, f"{name}: {parameters ^ want}"
    made = {n for n, f in vars(commands).items() if inspect.isfunction(f) and f.__module__ == commands.__name__}
    assert made == named == set(aio.__all__), made ^ named
    assert named <= set(deployfile.__all__), named - set(deployfile.__all__)


def documented() -> None:
    """Want each parameter in its docstring, and an example of each function."""
    for name in aio.__all__:
        text = inspect.getdoc(getattr(commands, name)) or ""
        for parameter in inspect.signature(getattr(commands, name)).parameters:
            assert f"\n{parameter} : " in text or f"\n*{parameter} : " in text, f"{name}: {parameter}"
        for part in ("Parameters", "Returns", "Raises", "Examples"):
            assert f"\n{part}\n{'-' * len(part)}\n" in text, f"{name}: {part}"
        assert ">>> " in text, name


def examples(project: str) -> None:
    """Run the examples, each in a new copy of a project."""
    ran = 0
    for module in pkgutil.iter_modules(deployfile.__path__, "deployfile."):
        if module.name.endswith("__main__"):
            continue
        for test in doctest.DocTestFinder().find(importlib.import_module(module.name)):
            for example in test.examples:
                if doctest.SKIP in example.options:
                    binds(example.source)
            with tempfile.TemporaryDirectory() as directory:
                shutil.copytree(project, directory, dirs_exist_ok=True)
                before = os.getcwd()
                os.chdir(directory)
                try:
                    result = doctest.DocTestRunner().run(test)
                finally:
                    os.chdir(before)
            assert result.failed == 0, test.name
            ran += result.attempted
    assert ran > 20, ran


def binds(source: str) -> None:
    """Want the calls of an example that takes a builder or a target to fit the functions."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and hasattr(commands, call.func.id):
            keywords = {keyword.arg: None for keyword in call.keywords if keyword.arg}
            inspect.signature(getattr(commands, call.func.id)).bind(*call.args, **keywords)


if __name__ == "__main__":
    covers()
    documented()
    examples(sys.argv[1])
