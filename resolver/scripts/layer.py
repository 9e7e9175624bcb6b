"""Lists all that is in a layer, with modes, owners, sizes and hashes."""

import hashlib
import stat

ROOT = "/layer"


def entry(path):
    status = os.lstat(path)
    found = {"path": os.path.relpath(path, ROOT), "mode": status.st_mode, "owner": [status.st_uid, status.st_gid]}
    if stat.S_ISREG(status.st_mode):
        digest = hashlib.sha256()
        with open(path, "rb") as f:
            while chunk := f.read(1 << 20):
                digest.update(chunk)
        found.update(size=status.st_size, sha256=digest.hexdigest())
    return found


def main():
    found = []
    for folder, dirs, names in os.walk(ROOT):
        found += [entry(os.path.join(folder, name)) for name in dirs + names]
        if len(found) > 10_000:
            fail("the layer has more than 10000 files")
    with open(f"{OUT}/layer.json", "w") as f:
        json.dump(found, f)


main()
