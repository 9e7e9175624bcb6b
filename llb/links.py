"""Adds symbolic links below /out: links.py FOLDER [NAME TARGET]..."""

import os
import sys

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def main():
    folder, rest = "/out" + sys.argv[1], sys.argv[2:]
    for name, target in zip(rest[::2], rest[1::2]):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
    for place, folders, files in os.walk("/out", topdown=False):
        for name in files + [f for f in folders if os.path.islink(os.path.join(place, f))]:
            os.utime(os.path.join(place, name), (EPOCH, EPOCH), follow_symlinks=False)
        os.chmod(place, 0o755)
        os.utime(place, (EPOCH, EPOCH))


main()
