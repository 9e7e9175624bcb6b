"""Writes the generated modules of the package, from the schemas and the list of commands in docs/.

Usage: python3 python/generate.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from generator import commands, documents, results

HERE = Path(__file__).resolve().parent


def main() -> None:
    docs, package = HERE.parent / "docs", HERE / "deployfile"
    made = {
        "report.py": results.generate(docs / "report.schema.json"),
        "commands.py": commands.generate(docs / "commands.json", docs / "report.schema.json"),
        "aio.py": commands.generate_twins(docs / "commands.json", docs / "report.schema.json"),
        "__init__.py": commands.generate_package(docs / "commands.json", docs / "report.schema.json"),
        "file.py": documents.generate(docs / "deployfile.schema.json"),
    }
    for name, text in made.items():
        output = package / name
        if "--check" not in sys.argv[1:]:
            output.write_text(text, encoding="utf-8")
        elif output.read_text(encoding="utf-8") != text:
            sys.exit(f"{output} is not what docs/ says: run python3 python/generate.py")


if __name__ == "__main__":
    main()
