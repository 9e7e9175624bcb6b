"""Lists the model's files and symbolic links with their sizes and hashes."""

import hashlib
import stat

ROOT = "/model"


def entry(path):
    """What the lock says of a file; None of a folder."""
    relative = os.path.relpath(path, ROOT)
    status = os.lstat(path)
    digest = hashlib.sha256()
    if stat.S_ISLNK(status.st_mode):
        link = os.readlink(path)
        target = os.path.realpath(path)
        if os.path.isabs(link) or not target.startswith(ROOT + "/") or not os.path.exists(target):
            fail(f"model file {relative!r} is a symbolic link to something outside of the model's folder; put the file itself there")
        text = os.fsencode(link)
        digest.update(text)
        return {"path": relative, "size": len(text), "sha256": digest.hexdigest(), "link": link}
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        fail(f"model file {relative!r} is neither a file nor a folder")
    with open(path, "rb") as f:
        while chunk := f.read(1 << 20):
            digest.update(chunk)
    return {"path": relative, "size": status.st_size, "sha256": digest.hexdigest(), "executable": status.st_mode & 0o111 != 0}


def main():
    left_out = {os.path.join(ROOT, name) for name in sys.argv[1:]}

    def paths():
        for folder, dirs, names in os.walk(ROOT):
            dirs[:] = [d for d in dirs if os.path.join(folder, d) not in left_out]
            yield from (p for p in (os.path.join(folder, name) for name in dirs + names) if p not in left_out)

    found = map(entry, paths())
    files = sorted((f for f in found if f), key=lambda f: f["path"])
    with open(f"{OUT}/model.json", "w") as f:
        json.dump(files, f)


main()
