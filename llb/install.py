"""Installs wheels below /out, the same bytes every time."""

import compileall
import json
import os
import subprocess
import sys
import zipfile
import zlib

OUT = "/out"
EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def fail(message):
    """Ends the step with a message for the person who waits for it."""
    print(message, file=sys.stderr)
    with open(f"{OUT}/error.json", "w") as f:
        json.dump({"kind": "install", "message": message.strip()}, f)
    sys.exit(1)


def in_turn(venv, wheels, requirements):
    """The requirements in groups to be installed one after the other: uv installs
    a group's wheels at the same time, and of a file that two of them bring any
    could be the one that stays."""
    all_of = {r: brought(venv, wheels, r) for r in requirements}

    def shares(r):
        files, folders = all_of[r]
        return any(files & other[0] or files & other[1] or folders & other[0] for q, other in all_of.items() if q != r)

    alone = [r for r in requirements if shares(r)]
    together = [r for r in requirements if r not in alone]
    return ([together] if together else []) + [[r] for r in alone]


def brought(venv, wheels, requirement):
    """The files of a requirement's wheel, and the folders that they are in."""
    name, _, rest = requirement.partition("==")
    files, folders = set(), set()
    for file in os.listdir(wheels):
        if canonical(file.partition("-")[0]) != canonical(name):
            continue
        try:
            with zipfile.ZipFile(os.path.join(wheels, file)) as archive:
                files |= set(wheel_files(archive, canonical(name)))
        except (zipfile.BadZipFile, ValueError, zlib.error):
            continue  # uv says what is wrong with it
    for path in sorted(files):
        if is_environment(path):
            version = rest.partition("=")[0]
            fail(f"{name} {version} brings {venv}/{path}, which is the environment's own, and would decide which Python runs: take another version of it, or leave it out")
        folder = os.path.dirname(path)
        while folder and folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
    return files, folders


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
        fail(done.stderr)


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
    os.makedirs(OUT + venv)
    for group in in_turn(venv, wheels, sys.argv[5:]):
        install(venv, wheels, platform, group)
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
