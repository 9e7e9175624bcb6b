"""Measures wheels and file systems: the bytes of a wheel, those that it has
installed, and what it requires; nothing is fetched but the ends of the wheels."""

import email.parser
import stat

MAX_METADATA = 4 << 20
# What a wheel may have installed: more than any disk has, and less than what JSON's
# readers take for a number. A wheel's list of files may say anything.
MAX_INSTALLED = 1 << 50


def measure(wheel, indexes, server, end):
    opened = open_wheel(wheel, indexes, server, end)
    if isinstance(opened, Unread):
        return {"name": wheel["name"], "unread": shown(str(opened))}
    try:
        file = opened.file
        size = file.size if isinstance(file, Remote) else os.fstat(file.fileno()).st_size
        members = [m for m in opened.files.values() if not isinstance(m, str)]
        installed = sum(m.file_size for m in members)
        if installed > MAX_INSTALLED:
            raise Unread(f"its list of files has {installed} bytes, which is too much to be true")
        return {"name": wheel["name"], "size": size, "installed": installed, "requires": requires(opened)}
    except UNREADABLE as e:
        return {"name": wheel["name"], "unread": shown(f"{wheel['name']}: {e}")}


def requires(wheel):
    """The requirements that a wheel's metadata has."""
    name = f"{stem(wheel.archive, wheel.package)}.dist-info/METADATA"
    if name not in wheel.archive.NameToInfo or wheel.archive.getinfo(name).file_size > MAX_METADATA:
        return []
    parsed = email.parser.Parser().parsestr(wheel.archive.read(name).decode("utf-8", "replace"), headersonly=True)
    return [shown(r) for r in parsed.get_all("Requires-Dist") or []]


def tree(root):
    """The bytes of all files of a file system, each counted once."""
    seen, size = set(), 0
    for place, folders, files in os.walk(root):
        for name in files:
            found = os.lstat(os.path.join(place, name))
            if stat.S_ISREG(found.st_mode) and (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                size += found.st_size
    return size


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    server, end = Servers(), time.monotonic() + PATIENCE
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wheels = list(pool.map(lambda w: measure(w, request["indexes"], server, end), request["wheels"]))
    with open(f"{OUT}/sizes.json", "w") as f:
        json.dump({"wheels": wheels, "trees": [tree(path) for path in request["trees"]]}, f)


main()
