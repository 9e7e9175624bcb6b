"""What wheel_test.go runs: a Deployfile as dataclasses. file_test.py PROJECT"""

import sys
import tomllib
from pathlib import Path

import deployfile
from deployfile import Deployfile
from deployfile.file import Docker, Environment, Index, Kubernetes, Model

ROOT = Path(__file__).resolve().parents[2]


def keeps() -> None:
    """What the tree's own Deployfiles say is what is written again."""
    files = [ROOT / "Deployfile.example", *ROOT.glob("examples/*/Deployfile"), *ROOT.glob("bench/**/Deployfile")]
    assert len(files) > 3, files
    for file in files:
        text = file.read_text(encoding="utf-8")
        again = Deployfile.loads(text).dumps()
        assert tomllib.loads(again) == tomllib.loads(text), f"{file}\n{again}"


def strange() -> None:
    """Text of any kind comes through, and tables of all forms."""
    odd = 'a "b" \\ \x7f \t é 🙂\n'
    file = Deployfile(
        Model(source=odd),
        args={"A": odd},
        environment=Environment(env={"A.B c": odd}, indexes=[Index(name="own", url="https://index.example/simple", default=True)]),
        targets={"prod": Kubernetes(model_config={"a": {"b": [1, {"c": 0.5}]}}), "local": Docker()},
    )
    assert Deployfile.loads(file.dumps()) == file, file.dumps()


def refuses() -> None:
    for text, want in {
        '[model]\nsorce = "a"\n': 'unknown key "sorce" in [model]',
        "[server]\n": "there is no [model]",
        "[model]\n": '[model] has no "source"',
        '[model]\nsource = "a"\n[targets.prod]\nkind = "dokcer"\n': "targets.prod: its kind is none of",
        "model = 1\n": "model is no table",
    }.items():
        try:
            Deployfile.loads(text)
        except ValueError as e:
            assert want in str(e), e
        else:
            raise AssertionError(f"{text} is taken")


def passed(project: str) -> None:
    """The program takes it in the place of a file, and says what is wrong with it."""
    assert [f.rule for f in deployfile.check(project, file=Deployfile(Model("model")))] == ["unlocked-build"]
    try:
        deployfile.build(project, file=Deployfile(Model("model", name="No")))
    except deployfile.InputError as e:
        assert e.error.line == 3 and e.error.text == 'name = "No"', e.error
    else:
        raise AssertionError("a wrong name is taken")


if __name__ == "__main__":
    keeps()
    strange()
    refuses()
    passed(sys.argv[1])
