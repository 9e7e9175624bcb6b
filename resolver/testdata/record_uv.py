"""Records what uv says of requirements that cannot be met.

Usage: record.py UV DIRECTORY. It writes a file for each case.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

# The wheels that there are: file name, what it requires.
WHEELS = {
    "a-1.0-py3-none-any.whl": [],
    "a-2.0-py3-none-any.whl": [],
    "b-1.0-py3-none-any.whl": ["a>=2"],
    "b.c-1.0-py3-none-any.whl": ["a<2"],
    "f-1.0-cp311-cp311-macosx_11_0_arm64.whl": [],
    "g-1.0-cp39-cp39-manylinux_2_17_x86_64.whl": [],
}
CASES = {
    "no-such-version": ["a==9"],
    "conflict": ["a<2", "b"],
    "conflict-of-three": ["a>=1", "b==1.0", "b.c"],
    "other-platform": ["f"],
    "other-python": ["g"],
    "only-a-source": ["h"],
}


def wheel(path: pathlib.Path, requires: list[str]) -> None:
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as z:
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        z.writestr(f"{info}/METADATA", "\n".join(lines + [f"Requires-Dist: {r}" for r in requires]) + "\n")
        tag = "-".join(path.stem.split("-")[2:])
        z.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: record\nRoot-Is-Purelib: true\nTag: {tag}\n")
        z.writestr(f"{info}/RECORD", "")


def main(uv: str, out: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        links = pathlib.Path(name, "links")
        links.mkdir()
        for file, requires in WHEELS.items():
            wheel(links / file, requires)
        (links / "h-1.0.tar.gz").write_bytes(b"")
        for case, requirements in CASES.items():
            done = subprocess.run(
                [uv, "pip", "compile", "--no-config", "--no-cache", "--offline", "--no-index", "--find-links", str(links),
                 "--only-binary", ":all:", "--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_17", "-"],
                input="\n".join(requirements), text=True, capture_output=True, check=False)
            if done.returncode == 0:
                sys.exit(f"{case}: uv resolved it")
            (out / f"{case}.txt").write_text(done.stderr.replace(str(links), "LINKS"))


main(sys.argv[1], pathlib.Path(sys.argv[2]))
