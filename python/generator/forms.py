"""Which functions a command has, and what they return."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

#: Flags that no function has: what is printed is decided here, and delete is not asked twice.
OMITTED = {"json", "progress", "yes", "events"}

#: Commands that write the Deployfile that they read, or that read none.
NEED_A_PATH = {"add", "remove", "init"}


@dataclasses.dataclass(frozen=True)
class Form:
    """A function that runs a command."""

    name: str
    #: What of deployfile._call or deployfile._server runs it.
    runner: str
    #: The type that the runner decodes, or "" if it decodes none.
    kind: str
    #: The type that the function returns.
    returns: str
    #: Its first line.
    short: str
    #: Arguments that are no flags, in the program's words: "CONTEXT", "[CONTEXT]", "TARGET…".
    takes: list[str]
    #: Flags that it always gives.
    always: list[str]
    #: Flags that it does not have.
    drops: set[str]


def forms(command: dict[str, Any], schemas: dict[str, Any]) -> list[Form]:
    """Return the functions of a command."""
    name = command["name"]
    takes = arguments(command["use"])
    own = {f["name"] for f in command["flags"]}
    quiet = [flag for flag, has in (("--json", "json"), ("--progress=quiet", "progress"), ("--yes", "yes")) if has in own]
    runner, kind, returns = result(schemas.get(name))
    form = Form(name.replace(" ", "_").replace("-", "_"), runner, kind, returns, command["short"], takes, quiet, set())
    change = dataclasses.replace
    if name == "check":
        return [change(form, runner="findings", kind="")]
    if name == "diff":
        two = {"directory", "file"}
        rest = own - OMITTED - two - {"build-arg"}
        return [
            change(form, runner="one", kind="report.Comparison", returns="report.Comparison", short="Compare two locks or images", drops=rest | two | {"build-arg"}),
            change(form, name="diff_targets", runner="differences", kind="", returns="List[report.TargetDiff]", takes=[],
                   short="Say what deploy would change at targets"),
        ]
    if name == "logs":
        return [
            change(form, drops={"follow"}),
            change(form, name="follow_logs", runner="lines", returns="Generator[str, None, None]", always=["--follow"], drops={"follow"},
                   short="Yield the lines that the server at a target prints, until the iterator is closed"),
        ]
    if name == "plan":
        other = {"sizes", "format", "graph", "compare"}
        sized = ["--progress=quiet", "--sizes"]
        return [
            change(form, runner="documents", returns="List[Dict[str, Any]]", drops=other, short="Return what a build would make, for each platform"),
            change(form, name="plan_sizes", runner="many", kind="report.Sizes", returns="List[report.Sizes]", always=[*sized, "--json"], drops=other,
                   short="Say where the bytes of an image are"),
            change(form, name="plan_page", runner="page", returns="Page", always=[*sized, "--format=html"], drops=other - {"compare"},
                   short="Draw where the bytes of an image are, as a page with a treemap"),
            change(form, name="plan_graph", runner="graph", returns="Graph", always=["--progress=quiet", "--graph=mermaid"], drops=other,
                   short="Draw what a build would make, as a graph that notebooks show"),
        ]
    if name == "predict":
        batch = {"directory", "file", "build-arg", "target", "timeout"}
        return [
            change(form, runner="predict", returns="Any", takes=["[CONTEXT]"], drops={"batch", "timeout", "input", "output"}),
            change(form, name="predict_batch", returns="str", takes=["IN", "OUT", "[CONTEXT]"], always=[*quiet, "--batch"], drops=own - batch,
                   short="Run the image that is deployed at a target once over all of an input"),
        ]
    if name in ("run", "open"):
        kind = {"run": "Server", "open": "Opened"}[name]
        return [change(form, runner=kind, kind="", returns=kind)]
    if name in ("schema", "sbom"):
        return [change(form, runner="value", returns="Any")]
    return [form]


def result(schema: Any) -> tuple[str, str, str]:
    """Return the runner, its class, and the type of what a command prints with --json."""
    if schema is None:
        return "text", "", "str"
    if "items" in schema:
        kind = "report." + schema["items"]["$ref"].rsplit("/", 1)[1]
        return "many", kind, f"List[{kind}]"
    if "$ref" in schema:
        kind = "report." + schema["$ref"].rsplit("/", 1)[1]
        return "one", kind, kind
    return "value", "", "Any"


def arguments(use: str) -> list[str]:
    """Return the arguments of a command that are no flags.

    Examples
    --------
    >>> arguments("lock [--upgrade [PACKAGE…]] [CONTEXT]"), arguments("diff A B | diff [--target TARGET]")
    (['[CONTEXT]'], ['A', 'B'])
    """
    first = use.split(" | ")[0]
    first = re.sub(r"\[-[^\[\]]*(\[[^\]]*\])?\]", "", first)
    return [word for word in first.split()[1:] if word.strip("[]…|").replace("|", "").isupper()]
