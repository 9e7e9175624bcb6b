"""What wheels bring of the same files, and what they run at every start of Python.

A wheel's list of files is at its end, so that some kilobytes of it are fetched
(RFC 9110, section 14) and not the whole."""

import collections
import concurrent.futures
import hashlib
import http.client
import io
import threading
import time
import zlib

# Bytes: how much of a wheel's end is fetched at first, how much at a time after
# that, the largest list of files, the largest wheel that is fetched whole where a
# server sends no parts, and how much of the contents of a wheel is compared.
TAIL = 32 << 10
BLOCK = 1 << 20
MAX_LIST = 16 << 20
MAX_WHOLE = 32 << 20
MAX_COMPARED = 64 << 20
# How many files are named of those that two packages both bring.
NAMED = 10
# Seconds after which no further wheel is asked for: what is not known is no reason
# to have no lock.
PATIENCE = 60
# How often the log says how far that is, in seconds.
TELLING = 2
# The largest .pth file that is read, in bytes.
MAX_PTH = 64 << 10


class Unread(Exception):
    """Says why a wheel's list of files could not be read."""


UNREADABLE = (OSError, ValueError, zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, http.client.HTTPException, Unread)


class Local(io.FileIO):
    """A file whose list of files is no larger than others may be."""

    block = 0

    def read(self, size=-1):
        if size > MAX_LIST:
            raise Unread("too much of it would have to be read")
        return super().read(size)


class Servers(threading.local):
    """Connections, of each thread its own, that are kept for the next file of the
    same server. To connect takes longer than to fetch some kilobytes."""

    def __init__(self):
        self.connections = {}

    def get(self, url, secret, headers):
        server = urllib.parse.urlsplit(url)
        if urllib.request.getproxies().get(server.scheme):
            return get(url, secret, headers)
        key = (server.scheme, server.netloc)
        if key not in self.connections:
            self.connections[key] = (
                http.client.HTTPSConnection(server.netloc, timeout=20, context=authorities(os.environ.get("SSL_CERT_FILE")))
                if server.scheme == "https" else http.client.HTTPConnection(server.netloc, timeout=20))
        connection = self.connections[key]
        target = urllib.parse.urlunsplit(("", "", server.path or "/", server.query, ""))
        asked = {"User-Agent": "deployfile", "Accept-Encoding": "identity", **authorization(secret, url), **headers}
        try:
            connection.request("GET", target, headers=asked)
            response = connection.getresponse()
        except (http.client.HTTPException, OSError):
            # The server may have closed what was kept.
            connection.close()
            connection.request("GET", target, headers=asked)
            response = connection.getresponse()
        if response.status >= 300:
            # What leads elsewhere, or is an error.
            connection.close()
            return get(url, secret, headers)
        return response


class Remote(io.RawIOBase):
    """A file on a server, of which parts are fetched as they are read."""

    def __init__(self, url, secret, server):
        self.server = server
        self.url, self.secret, self.position, self.fetched, self.block = url, secret, 0, 0, 0
        with self.ask(f"bytes=-{TAIL}") as r:
            if r.status == 206:
                place = re.fullmatch(r"bytes ([0-9]+)-[0-9]+/([0-9]+)", r.headers.get("Content-Range") or "")
                if not place:
                    raise Unread("its server does not say which part of the file it sends")
                self.start, self.size = int(place[1]), int(place[2])
                self.window = r.read(TAIL)
            else:
                self.start, self.window = 0, r.read(MAX_WHOLE + 1)
                self.size = len(self.window)
                if self.size > MAX_WHOLE:
                    raise Unread("its server sends no parts of files")

    def ask(self, part):
        return self.server.get(self.url, self.secret, {"Range": part})

    def seekable(self):
        return True

    def readable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        self.position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        return self.position

    def tell(self):
        return self.position

    def read(self, size=-1):
        end = self.size if size is None or size < 0 else min(self.position + size, self.size)
        if self.position < self.start or end > self.start + len(self.window):
            self.fetch(max(end - self.position, min(self.block, self.size - self.position)))
        data = self.window[self.position - self.start:end - self.start]
        self.position += len(data)
        return data

    def fetch(self, size):
        """Takes the next bytes into the window."""
        self.fetched += size
        if size > MAX_LIST or self.fetched > MAX_LIST + MAX_COMPARED:
            raise Unread("too much of it would have to be read")
        with self.ask(f"bytes={self.position}-{self.position + size - 1}") as r:
            if r.status != 206:
                raise Unread("its server sends no parts of files")
            self.start, self.window = self.position, r.read(size)


class Wheel:
    """A wheel's list of files: path → member, or the text of an entry point."""

    def __init__(self, package, file, files, archive):
        self.package, self.file, self.files, self.archive = package, file, files, archive

    def content(self, path):
        """What tells the contents of a file, as far as the list says it."""
        member = self.files[path]
        return member if isinstance(member, str) else (member.CRC, member.file_size)

    def digest(self, path):
        member = self.files[path]
        if isinstance(member, str) or member.file_size == 0:
            return self.content(path)
        found, size = hashlib.sha256(), 0
        with self.archive.open(member) as f:
            while chunk := f.read(1 << 20):
                size += len(chunk)
                if size > member.file_size:
                    raise Unread("a file in it is larger than its list says")
                found.update(chunk)
        return found.hexdigest()


def open_wheel(wheel, indexes, server, end):
    try:
        if time.monotonic() > end:
            raise Unread(f"the servers of wheels did not answer within {PATIENCE} s")
        if wheel.get("path"):
            file = Local(wheel["path"])
        else:
            file = Remote(wheel["url"], secret_for(wheel["url"], indexes), server)
        archive = zipfile.ZipFile(file)
        file.block = BLOCK
        return Wheel(wheel["name"], file, wheel_files(archive, wheel["name"]), archive)
    except UNREADABLE as e:
        return Unread(f"{wheel['name']}: {e}")


def same(holders):
    """Says whether wheels bring the same. holders are wheels with paths in them."""
    def contents(tell):
        return [sorted(map(str, (tell(wheel)(path) for path in paths))) for wheel, paths in holders]

    quick = contents(lambda wheel: wheel.content)
    if any(c != quick[0] for c in quick):
        return False
    # A checksum is no hash: who wants to can make two files with the same one.
    try:
        full = contents(lambda wheel: wheel.digest)
    except UNREADABLE:
        return False
    return all(c == full[0] for c in full)


def shown(text):
    """A path or message as the lock may have it: what cannot be printed is quoted."""
    return text if text.isprintable() else ascii(text)[1:-1]


def first_of(paths):
    """How many files there are, and the first of them."""
    paths = sorted(set(paths))
    return {"count": len(paths), "paths": [shown(p) for p in paths[:NAMED]]}


def conflicts(wheels):
    """Which packages bring the same files with other contents, or a file where
    another has a folder: names of packages → paths."""
    holders, folders = collections.defaultdict(lambda: collections.defaultdict(list)), collections.defaultdict(set)
    for wheel in wheels:
        for path in wheel.files:
            holders[module(path)][wheel].append(path)
            folder = posixpath.dirname(path)
            while folder and wheel.package not in folders[folder]:
                folders[folder].add(wheel.package)
                folder = posixpath.dirname(folder)
    shared = [(path, by) for path, by in holders.items() if len(by) > 1]
    # In the order in which they lie in a wheel, so that blocks are fetched once.
    shared.sort(key=lambda s: (getattr(next(iter(s[1])).files[next(iter(s[1].values()))[0]], "header_offset", 0), s[0]))
    found = collections.defaultdict(list)
    for path, by in shared:
        if not same([(wheel, sorted(paths)) for wheel, paths in by.items()]):
            found[tuple(sorted(w.package for w in by))].append(path)
    for path, by in holders.items():
        packages = {w.package for w in by} | folders.get(path, set())
        if path in folders and len(packages) > 1:
            found[tuple(sorted(packages))].append(path)
        if path in ("bin/serve", "serve.json"):
            # The start command's, which is put on top.
            found[tuple(sorted(packages))].append(path)
    return [{"packages": list(p), **first_of(paths)} for p, paths in sorted(found.items())]


# What setuptools writes for packages that share a namespace (its nspkg.pth): it
# makes a module of their name and runs nothing of theirs.
NAMESPACE = re.compile(
    r"import sys, types, os;has_mfs = sys\.version_info > \(3, 5\);"
    r"p = os\.path\.join\(sys\._getframe\(1\)\.f_locals\['sitedir'\], \*\((?:'\w+', ?)*'?\w*'?,?\)\);"
    r"importlib = has_mfs and __import__\('importlib\.util'\);has_mfs and __import__\('importlib\.machinery'\);"
    r"m = has_mfs and sys\.modules\.setdefault\('[\w.]+', importlib\.util\.module_from_spec\(importlib\.machinery\.PathFinder\.find_spec\('[\w.]+', \[os\.path\.dirname\(p\)\]\)\)\);"
    r"m = m or sys\.modules\.setdefault\('[\w.]+', types\.ModuleType\('[\w.]+'\)\);"
    r"mp = \(m or \[\]\) and m\.__dict__\.setdefault\('__path__',\[\]\);\(p not in mp\) and mp\.append\(p\)"
    r"(?:;m and setattr\(sys\.modules\['[\w.]+'\], '\w+', m\))?")
# What setuptools itself brings, to be imported in place of distutils.
DISTUTILS = re.compile(
    r"import os; (?:var = 'SETUPTOOLS_USE_DISTUTILS'; )?enabled = os\.environ\.get\((?:var|'SETUPTOOLS_USE_DISTUTILS')(?:, '\w+')?\) == 'local'; "
    r"enabled and __import__\('_distutils_hack'\)\.add_shim\(\);")


def start_kind(wheel, path):
    """What a file does when Python starts, "" if nothing (the module site in
    Python's documentation)."""
    if posixpath.dirname(path) != SITE and not (path.startswith(SITE + "/") and path.count("/") == SITE.count("/") + 2):
        return ""
    first = path[len(SITE) + 1:].partition("/")[0]
    if first.partition(".")[0] in ("sitecustomize", "usercustomize") and not first.endswith((".dist-info", ".data")):
        return "module" if first == path[len(SITE) + 1:] or posixpath.basename(path).startswith("__init__.") else ""
    if posixpath.dirname(path) != SITE or not path.endswith(".pth"):
        return ""
    member = wheel.files[path]
    if isinstance(member, str) or member.file_size > MAX_PTH:
        return "code"
    try:
        text = wheel.archive.read(member).decode("utf-8-sig", "replace")
    except UNREADABLE:
        return "code"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    code = [line.rstrip() for line in lines if line.startswith(("import ", "import\t"))]
    if not code:
        return "paths" if lines else ""
    if len(code) == len(lines) and all(NAMESPACE.fullmatch(c) for c in code):
        return "namespace"
    if len(code) == len(lines) and wheel.package == "setuptools" and all(DISTUTILS.fullmatch(c) for c in code):
        return "distutils"
    return "code"


def modules(wheels):
    """The modules and packages that can be imported from wheels."""
    found = set()
    for wheel in wheels:
        for path in wheel.files:
            first, _, rest = path.removeprefix(SITE + "/").partition("/")
            if path.startswith(SITE + "/") and (rest or first.endswith((".py", ".so", ".pyc"))):
                found.add(first if rest else first.partition(".")[0])
    return sorted(n for n in found if n.isidentifier() and n.isascii() and n != "__pycache__")


def look_into(wheels, indexes):
    """What the lock says of the wheels' files."""
    server, end = Servers(), time.monotonic() + PATIENCE
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        opened, told = [], time.monotonic()
        for wheel in pool.map(lambda w: open_wheel(w, indexes, server, end), wheels):
            opened.append(wheel)
            if time.monotonic() - told > TELLING:
                told = time.monotonic()
                print(f"looked into {len(opened)} of {len(wheels)} wheels", file=sys.stderr, flush=True)
    unread = sorted(shown(str(w)) for w in opened if isinstance(w, Unread))
    opened = sorted((w for w in opened if isinstance(w, Wheel)), key=lambda w: w.package)
    startup = collections.defaultdict(list)
    for wheel in opened:
        for path in sorted(wheel.files):
            if kind := start_kind(wheel, path):
                startup[wheel.package, kind].append(path)
    return {
        "conflicts": conflicts(opened),
        "startup": [{"package": p, "kind": kind, **first_of(paths)} for (p, kind), paths in startup.items()],
        "modules": modules(opened),
        "environment": [{"package": w.package, "path": shown(path)} for w in opened for path in sorted(w.files) if is_environment(path)][:NAMED],
        "unread": unread,
    }


def choose(files, tags):
    """The one of a package's wheels that is installed: the best tag, then the
    highest build number (PEP 427)."""
    def rank(file):
        parts = file["filename"][:-len(".whl")].split("-")
        if len(parts) not in (5, 6):
            return None
        ranks = [tags[t] for t in ("-".join((p, a, x)) for p in parts[-3].split(".") for a in parts[-2].split(".") for x in parts[-1].split(".")) if t in tags]
        build = re.match(r"([0-9]*)(.*)", parts[2] if len(parts) == 6 else "")
        return (min(ranks), -int(build[1] or 0)) if ranks else None

    ranked = [(rank(f), n) for n, f in enumerate(files)]
    return min(((r, n) for r, n in ranked if r is not None), default=(None, None))[1]


def locked_wheels(pylock, tags):
    """The wheels of a pylock.toml that are installed, and whether that is all:
    what is to be built is not looked into yet."""
    tags = {t: n for n, t in reversed(list(enumerate(tags)))}
    found, complete = [], True
    for package in load_toml(pylock).get("packages", []):
        files = []
        for f in package.get("wheels") or [package.get("archive") or {}]:
            name = f.get("name") or file_name(f.get("url") or f.get("path") or "")
            if name.endswith(".whl"):
                files.append({"name": canonical(package["name"]), "filename": name, "url": f.get("url"), "path": f.get("path") and os.path.join(WORK, f["path"])})
        n = choose(files, tags)
        if n is None:
            complete = False
        else:
            found.append(files[n])
    return found, complete
