"""Lists the model's files with their sizes and hashes."""

import hashlib

ROOT = "/model"


def main():
    files = []
    for folder, dirs, names in os.walk(ROOT):
        dirs.sort()
        for name in dirs + names:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, ROOT)
            if os.path.islink(path):
                target = os.path.realpath(path)
                if not target.startswith(ROOT + "/") or not os.path.exists(target):
                    fail(f"model file {relative!r} is a symbolic link to something outside of the model's folder; put the file itself there")
            elif not os.path.isdir(path) and not os.path.isfile(path):
                fail(f"model file {relative!r} is neither a file nor a folder")
        for name in sorted(names):
            path = os.path.join(folder, name)
            digest = hashlib.sha256()
            with open(path, "rb") as f:
                while chunk := f.read(1 << 20):
                    digest.update(chunk)
            files.append({"path": os.path.relpath(path, ROOT), "size": os.path.getsize(path), "sha256": digest.hexdigest()})
    files.sort(key=lambda f: f["path"])
    with open(f"{OUT}/model.json", "w") as f:
        json.dump(files, f)


main()
