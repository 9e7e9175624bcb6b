"""Installs wheels below /out, the same bytes every time."""

import compileall
import json
import os
import subprocess
import sys

OUT = "/out"
EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def install(venv, wheels, platform, requirements):
    lines = []
    for r in requirements:
        pin, _, digest = r.rpartition("=")
        lines.append(f"{pin} --hash=sha256:{digest}\n")
    with open("/tmp/requirements.txt", "w") as f:
        f.writelines(lines)
    done = subprocess.run([
        os.environ["UV"], "pip", "install", "--python", f"{venv}/bin/python", "--prefix", OUT + venv,
        "--python-platform", platform, "--offline", "--no-index", "--find-links", wheels, "--no-deps", "--no-cache",
        "--link-mode=copy", "--require-hashes", "--no-progress", "-r", "/tmp/requirements.txt"], stderr=subprocess.PIPE, text=True)
    print(done.stderr, end="", file=sys.stderr)
    if done.returncode != 0:
        with open(f"{OUT}/error.json", "w") as f:
            json.dump({"kind": "install", "message": done.stderr.strip()}, f)
        sys.exit(1)


def strip(site):
    """Takes out what uv writes with a time of its own."""
    for name in os.listdir(site):
        if not name.endswith(".dist-info"):
            continue
        info = os.path.join(site, name)
        cache = os.path.join(info, "uv_cache.json")
        if os.path.exists(cache):
            os.remove(cache)
        record = os.path.join(info, "RECORD")
        with open(record, newline="") as f:
            lines = f.readlines()
        with open(record, "w", newline="") as f:
            f.writelines(line for line in lines if not line.startswith(f"{name}/uv_cache.json,"))


def settle(root):
    """Gives everything one time and modes that do not depend on a umask."""
    for folder, dirs, files in os.walk(root, topdown=False):
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o111 else 0o644)
            os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
        for name in dirs:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
        os.chmod(folder, 0o755)
        os.utime(folder, (EPOCH, EPOCH))


def main():
    venv, site, wheels, platform = sys.argv[1:5]
    os.makedirs(OUT + venv, exist_ok=True)
    install(venv, wheels, platform, sys.argv[5:])
    site = os.path.join(OUT + venv, site)
    strip(site)
    # What does not compile (templates, files for another Python) is left as
    # it is, as pip leaves it.
    # What a wheel brings as bytecode of a source is made anew, like all other.
    compileall.compile_dir(site, maxlevels=100, quiet=2, stripdir=OUT, workers=1, force=True,
                           invalidation_mode=compileall.py_compile.PycInvalidationMode.UNCHECKED_HASH)
    lock = os.path.join(OUT + venv, ".lock")
    if os.path.exists(lock):
        os.remove(lock)
    settle(OUT)


main()
