"""Calls functions of the resolver's scripts. Standard input has a list of calls, each
a list of the function's name and its arguments; standard output gets the results."""

import json
import sys

scope = {"__name__": "call"}
for name in ("step.py", "compile.py", "resolve.py"):
    with open(f"{sys.argv[1]}/{name}", encoding="utf-8") as f:
        exec(f.read().removesuffix("\n\nmain()\n"), scope)

json.dump([scope[function](*arguments) for function, *arguments in json.load(sys.stdin)], sys.stdout)
