"""Where the files of a wheel go in a virtual environment (PEP 427). It is put in
front of the scripts that install wheels or look into them."""

import configparser
import posixpath
import re
import sys
import zipfile

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
SITE = f"lib/{PYTHON}/site-packages"
# The largest entry_points.txt that is read, in bytes.
MAX_ENTRY_POINTS = 1 << 20
# The names of all folders of a wheel's files together, in bytes: torch has 4 MB.
MAX_FOLDERS = 256 << 20


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def is_environment(path):
    """Says whether a path is one of the virtual environment's own (PEP 405), which
    no package has a reason to bring."""
    return re.fullmatch(r"pyvenv\.cfg|bin/python[0-9.]*|bin|lib|lib/python[0-9.]+|lib/python[0-9.]+/site-packages", path) is not None


def stem(archive, package):
    """What is in front of .dist-info in the name of the wheel's folder."""
    for name in archive.namelist():
        found, dot, rest = name.partition(".dist-info/")
        if dot and "/" not in found and canonical(found.rpartition("-")[0]) == canonical(package):
            return found
    return ""


def destination(name, package):
    """Where a member of the archive goes, relative to the environment; None if it
    goes nowhere."""
    # As an installer has it: "a/./b" and "a//b" are "a/b".
    name = posixpath.normpath(name)
    folder, _, rest = name.partition("/")
    path = posixpath.join(SITE, name)
    # With several folders of that kind, which one is the wheel's is for uv to say.
    if folder.endswith(".data"):
        scheme, _, rest = rest.partition("/")
        root = {"purelib": SITE, "platlib": SITE, "scripts": "bin", "data": "", "headers": f"include/site/{PYTHON}/{package}"}.get(scheme)
        if root is None or not rest:
            return None
        path = posixpath.join(root, rest)
    path = posixpath.normpath(path)
    return None if path.startswith(("/", "../")) or path in (".", "..") else path


def scripts(archive, info):
    """The programs that an installer makes of entry points: name → what is called."""
    name = f"{info}.dist-info/entry_points.txt"
    if name not in archive.NameToInfo:
        return {}
    if archive.getinfo(name).file_size > MAX_ENTRY_POINTS:
        raise ValueError(f"{name} is larger than 1 MiB")
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str
    try:
        parser.read_string(archive.read(name).decode())
    except (configparser.Error, UnicodeDecodeError):
        return {}  # installers refuse it
    return {k: v for s in ("console_scripts", "gui_scripts") if parser.has_section(s) for k, v in parser.items(s)}


def wheel_files(archive, package):
    """The files that a wheel of a package brings: path → member of the archive, or
    the text of an entry point."""
    info = stem(archive, package)
    found = {}
    if sum(len(n) * n.count("/") for n in archive.namelist()) > MAX_FOLDERS:
        raise ValueError("its files are in too many folders")
    for name, called in scripts(archive, info).items():
        path = posixpath.normpath(posixpath.join("bin", name))
        if not path.startswith(("/", "..")):
            found[path] = called
    for member in archive.infolist():
        path = None if member.is_dir() else destination(member.filename, package)
        if path:
            found[path] = member
    return found


def module(path):
    """The source that a file is the cached bytecode of, else the file itself: Python
    runs the one in place of the other (PEP 3147)."""
    m = re.fullmatch(r"(.*/)?__pycache__/([^/]+?)\.[a-z]+-[0-9]+(\.opt-[0-9a-z]+)?\.pyc", path)
    return f"{m[1] or ''}{m[2]}.py" if m else path
