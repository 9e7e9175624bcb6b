"""Installs wheels that bring the same files one after the other: inturn.py INSTALL
VENV SITE WHEELS PLATFORM REQUIREMENT..., INSTALL being install.py.

It is a program of its own because bytecode is not the same in every process that
makes it: Python marks the strings in it that something else in the process refers
to, and install.py has to be what it was for its layers to be what they were."""

import json
import os
import subprocess
import zlib

OUT = "/out"


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
        except ValueError as e:
            fail(f"{file}: {e}")
        except (zipfile.BadZipFile, zlib.error):
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


def main():
    script, venv, site, wheels, platform = sys.argv[1:6]
    groups = in_turn(venv, wheels, sys.argv[6:])
    for group in groups:
        if subprocess.run([sys.executable, "-I", "-B", script, venv, site, wheels, platform, *group]).returncode != 0:
            sys.exit(1)
    # What really came of it, however a wheel calls its files.
    for path in ["pyvenv.cfg", *(f"bin/{n}" for n in os.listdir(f"{OUT}{venv}/bin"))] if os.path.isdir(f"{OUT}{venv}/bin") else ["pyvenv.cfg"]:
        if is_environment(path) and os.path.lexists(f"{OUT}{venv}/{path}"):
            fail(f"{venv}/{path} came with one of {', '.join(sys.argv[6:])}; it is the environment's own")


main()
