"""Has the scripts of the resolver read wheels and programs that say what is not true of
themselves. It prints what they found, and how many seconds the slowest took."""

import json
import struct
import sys
import tempfile
import time
import zipfile

scope = {"__name__": "untrue"}
for name in ("scripts/step.py", "../toolchain/wheelfiles.py", "scripts/wheels.py", "scripts/sizes.py", "scripts/elf.py"):
    with open(name, encoding="utf-8") as f:
        exec(f.read().removesuffix("\n\nmain()\n"), scope)


def sized(size):
    """A wheel whose list of files has one that is so large."""
    path = tempfile.mktemp(suffix=".whl")
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("a/__init__.py", "")
        z.writestr("a-1.dist-info/METADATA", "Name: a\n")
        z.filelist[0].file_size = z.filelist[0].compress_size = size
    return path


def program(tags, names, tail):
    """An ELF file of 64 bits with a dynamic section of these tags, and as many names."""
    start = 64 + 2 * 56
    dynamic = b"".join(struct.pack("<qQ", tag, value) for tag, value in tags)
    strings = start + len(dynamic)
    header = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q", 64).ljust(22, b"\0") + struct.pack("<HH", 56, 2)
    parts = struct.pack("<IIQQQQQQ", 2, 0, start, 0, 0, len(dynamic), 0, 0) + struct.pack("<IIQQQQQQ", 1, 0, strings, 4096, 0, 1 << 40, 0, 0)
    return header.ljust(64, b"\0") + parts + dynamic + names + tail


slowest = 0
def timed(function, *arguments):
    global slowest
    began = time.monotonic()
    try:
        return function(*arguments)
    finally:
        slowest = max(slowest, time.monotonic() - began)


found = {"sizes": [], "needed": []}
for size in (1000, 1 << 60, (1 << 64) - 1):
    wheel = {"name": "a", "path": sized(size)}
    found["sizes"].append(timed(scope["measure"], wheel, [], None, time.monotonic() + 60))
honest = program([(1, 1), (1, 10), (5, 4096), (0, 0)], b"\0liba.so\0\0libb.so\0", b"")
found["needed"].append(timed(scope["needed"], honest))
# Names without an end, in a large file.
found["needed"].append(timed(scope["needed"], program([(1, n) for n in range(1000)] + [(5, 4096), (0, 0)], b"x", b"x" * (256 << 20))))
# Addresses of names, each of which would be looked up among all headers.
found["needed"].append(timed(scope["needed"], program([(5, 4096)] * 60000 + [(1, 1), (0, 0)], b"\0liba.so\0", b"")))
found["seconds"] = slowest
json.dump(found, sys.stdout)
