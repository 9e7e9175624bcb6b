"""Takes files of a model out of a tar or zip archive, or a directory, and checks their
sizes and hashes. Nothing else in the archive is written."""

import gzip
import hashlib
import io
import json
import os
import posixpath
import sys
import tarfile
import zipfile

OUT = "/out"
# What an archive may unpack to, as a multiple of its size, and besides, in bytes.
RATIO = 100
FREE = 64 << 20
# The headers of one entry of a tar archive, the directory of a zip archive, in bytes.
HEADERS = 4 << 20
DIRECTORY = 32 << 20
LINKS = 100_000
TOO_LARGE = f"the model's archive unpacks to more than {RATIO} times its size"


def fail(message):
    message = "".join(c if c.isprintable() else "\ufffd" for c in message)
    print(message, file=sys.stderr)
    with open(f"{OUT}/error.json", "w") as f:
        json.dump({"kind": "model", "message": message}, f)
    sys.exit(1)


class Bounded:
    """A decompressed stream that ends with an error if it gets too long, or an entry's
    headers, which tarfile has in memory, do."""

    def __init__(self, stream, limit):
        self.stream, self.left, self.ahead = stream, limit, HEADERS

    def expect(self, size):
        """Allows an entry's bytes, and the headers of the next one."""
        self.ahead = size + HEADERS

    def read(self, size=-1):
        data = self.stream.read(size)
        self.left -= len(data)
        self.ahead -= len(data)
        if self.left < 0:
            fail(TOO_LARGE)
        if self.ahead < 0:
            fail("the model's archive has an entry whose headers are too large")
        return data


class Parts(io.FileIO):
    """A file of which nothing large is read at once: zipfile reads a directory so."""

    def read(self, size=-1):
        data = super().read(DIRECTORY + 1 if size < 0 else min(size, DIRECTORY + 1))
        if len(data) > DIRECTORY:
            fail(f"the directory of the model's archive is larger than {DIRECTORY >> 20} MiB")
        return data


def write(name, file, source):
    """Writes a file of the model from a stream."""
    to = os.path.join(OUT, file["path"])
    os.makedirs(os.path.dirname(to), exist_ok=True)
    left, digest = file["size"] + 1, hashlib.sha256()
    with open(to, "wb") as out:
        while chunk := source.read(min(1 << 20, left)):
            left -= len(chunk)
            digest.update(chunk)
            out.write(chunk)
    if left != 1 or digest.hexdigest() != file["sha256"]:
        fail(f"{name}: the archive has other contents than the lock; run deployfile lock --upgrade-model")
    os.chmod(to, 0o644)


def linked(files, links):
    """Which names of an archive are needed for files that are links in it."""
    target = {}
    for name in files:
        at, hops = name, 0
        while at in links and hops < 40:
            at, hops = links[at], hops + 1
        target.setdefault(at, []).append(name)
    return target


def read_tar(archive, size, files):
    with open(archive, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"

    def members():
        with open(archive, "rb") as raw:
            stream = Bounded(gzip.GzipFile(fileobj=raw) if packed else raw, RATIO * size + FREE)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for m in tar:
                    has = m.isreg() or m.type not in tarfile.SUPPORTED_TYPES
                    stream.expect(m.size if has else 0)
                    yield tar, m, posixpath.normpath(m.name)

    links = {}
    for _, m, name in members():
        if m.islnk():
            links[name] = posixpath.normpath(m.linkname)
        elif m.issym():
            links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), m.linkname))
        if len(links) > LINKS:
            fail(f"the model's archive has more than {LINKS} links")
    wanted = linked(files, links)
    for tar, m, name in members():
        if not wanted:
            break
        if m.isreg() and name in wanted:
            source = tar.extractfile(m)
            first = None
            for n in wanted.pop(name):
                if first is not None:
                    source = open(os.path.join(OUT, first), "rb")
                write(n, files[n], source)
                first = first or files[n]["path"]
    return [n for names in wanted.values() for n in names]


def zipped(archive):
    with open(archive, "rb") as f:
        return f.read(4) == b"PK\x03\x04"


def read_zip(archive, files):
    missing = []
    with Parts(archive) as raw, zipfile.ZipFile(raw) as z:
        there = {posixpath.normpath(i.filename): i for i in z.infolist() if not i.is_dir()}
        for name, file in files.items():
            if name not in there:
                missing.append(name)
                continue
            if there[name].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                fail(f"{name}: it is compressed in a way that is not read: stored and deflated are")
            with z.open(there[name]) as source:
                write(name, file, source)
    return missing


def read_directory(directory, files):
    top = os.path.realpath(directory)
    missing = []
    for name, file in files.items():
        source = os.path.join(top, name)
        if not os.path.isfile(source) or os.path.realpath(source) != source:
            missing.append(name)
            continue
        with open(source, "rb") as f:
            write(name, file, f)
    return missing


def main():
    with open(sys.argv[1]) as f:
        listed = json.load(f)
    archive, root = sys.argv[2], sys.argv[3]
    files = {posixpath.join(root, f["path"]): f for f in listed}
    try:
        if os.path.isdir(archive):
            missing = read_directory(archive, files)
        elif sum(f["size"] for f in listed) > RATIO * os.path.getsize(archive) + FREE:
            # Links, and the holes of sparse files, are in no stream.
            fail(TOO_LARGE)
        elif zipped(archive):
            missing = read_zip(archive, files)
        else:
            missing = read_tar(archive, os.path.getsize(archive), files)
    except Exception as e:  # whatever the libraries make of an archive
        fail(f"the model's archive cannot be unpacked: {str(e) or type(e).__name__}")
    if missing:
        fail(f"{missing[0]}: the archive has no such file; run deployfile lock --upgrade-model")


main()
