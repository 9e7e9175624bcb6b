"""Copies a folder or a file below /out: place.py FROM TO [EXCLUDED...].

What is excluded is given as a path below FROM, or, behind "**/", as the name of
a file or folder anywhere. It stands in for the file operations of builders that cannot
leave files out or set modes by words.
"""

import os
import shutil
import sys

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def settle(path):
    if not os.path.islink(path):
        executable = os.path.isdir(path) or os.stat(path).st_mode & 0o111
        os.chmod(path, 0o755 if executable else 0o644)
    os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)


def main():
    source, target, excluded = sys.argv[1], "/out" + sys.argv[2], set(sys.argv[3:])

    def leave_out(folder, names):
        below = os.path.relpath(folder, source)
        return [n for n in names if "**/" + n in excluded or os.path.normpath(os.path.join(below, n)) in excluded]

    if os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True, ignore=leave_out, dirs_exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
    for place, folders, files in os.walk("/out", topdown=False):
        for name in files + [f for f in folders if os.path.islink(os.path.join(place, f))]:
            settle(os.path.join(place, name))
        settle(place)


main()
