"""Takes the uv binary out of uv's wheel."""

import os
import sys
import zipfile

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = [n for n in wheel.namelist() if n.endswith(".data/scripts/uv")]
    if len(names) != 1:
        sys.exit(f"{sys.argv[1]}: no uv binary in this wheel")
    with open("/out/uv", "wb") as out:
        out.write(wheel.read(names[0]))
os.chmod("/out/uv", 0o755)
os.utime("/out/uv", (EPOCH, EPOCH))
