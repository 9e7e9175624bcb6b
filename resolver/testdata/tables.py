"""Has the scripts of the resolver write the TOML that uv and the lock get, with
each of the names that it is given on standard input in all places. It prints a list
of documents for each name."""

import io
import json
import os
import sys
import urllib.parse

scope = {"__name__": "tables"}
for name in ("step.py", "compile.py", "resolve.py"):
    with open(f"{sys.argv[1]}/{name}", encoding="utf-8") as f:
        exec(f.read().removesuffix("\n\nmain()\n"), scope)

written = {}


class Kept(io.StringIO):
    """A file whose text is kept as the encoding that it was opened with has it."""

    def __init__(self, path, encoding):
        super().__init__()
        self.path, self.encoding_ = path, encoding or "utf-8"

    def close(self):
        written[self.path] = self.getvalue().encode(self.encoding_).decode(self.encoding_)
        super().close()


# A project's name has one form wherever it is compared; here it keeps its own.
scope["canonical"] = lambda name: name
scope["open"] = lambda path, mode="r", encoding=None: Kept(path, encoding)


def documents(name):
    written.clear()
    index = {"name": name, "url": name, "default": True}
    scope["configure"]([dict(index)], [{"name": name, "version": name, "requires-python": name, "requires-dist": [name], "provides-extras": [name]}])
    pinned = dict(index, packages=[name])
    scope["write_pins"]({"indexes": [pinned]}, [name])
    repository = {"key": "k", "url": name, "revision": name, "commit": name, "subdirectory": name}
    folder = os.path.normpath(f"/tmp/lock/repositories/k/{urllib.parse.unquote(name)}")
    vcs = scope["name_repository"](f"[[packages]]\ndirectory = {{ path = {scope['toml_string'](folder)} }}\n", repository)
    return [written["/tmp/uv.toml"], written["/tmp/lock/pyproject.toml"], vcs]


json.dump([documents(name) for name in json.load(sys.stdin)], sys.stdout)
