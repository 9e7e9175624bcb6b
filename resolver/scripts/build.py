"""Makes a wheel from a source distribution or a repository, without a network.

/build has what it is built with, made by buildrequires.py."""

import email.parser
import hashlib
import stat
import zipfile

WHEELS = "/tmp/wheels"
MAX_METADATA = 16 << 20


# Unpacks a source distribution (a .tar.gz or .zip, PEP 625) as the user who builds it.
UNPACK = """
import sys, tarfile, zipfile
if sys.argv[1].endswith(".zip"):
    zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])
else:
    with tarfile.open(sys.argv[1]) as t:
        t.extractall(sys.argv[2], **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
"""


def unpacked(sdist):
    """The folder of a source distribution. Compilers write its path into what they
    make, and uv would unpack it into a folder with another name each time."""
    # BuildKit gives what it fetched to root alone.
    file = shutil.copyfile(sdist, f"{give('/tmp/sdist')}/{os.path.basename(sdist)}")
    code, said = run([sys.executable, "-I", "-c", UNPACK, file, give("/tmp/source")])
    if code != 0:
        fail(f"{os.path.basename(sdist)} cannot be unpacked: {said}")
    folders = [n for n in os.listdir("/tmp/source") if os.path.isdir(f"/tmp/source/{n}")]
    if len(folders) != 1:
        fail(f"{os.path.basename(sdist)} holds {len(folders)} folders instead of one")
    return f"/tmp/source/{folders[0]}"


def only_wheel():
    """The name of the one wheel that the build made: a plain file."""
    names = [n for n in os.listdir(WHEELS) if n.endswith(".whl")]
    if len(names) != 1:
        fail(f"the build made {len(names)} wheels instead of one")
    status = os.lstat(f"{WHEELS}/{names[0]}")
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
        fail(f"the build made {names[0]!r}, which is not a file of {MAX_FILE >> 30} GiB at most")
    return names[0]


def metadata(wheel):
    """What the wheel says that it requires (core metadata)."""
    try:
        with zipfile.ZipFile(wheel) as z:
            names = [n for n in z.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA")]
            if len(names) != 1:
                fail("the build made a wheel without METADATA")
            with z.open(names[0]) as f:
                text = f.read(MAX_METADATA + 1)
    except zipfile.BadZipFile as e:
        fail(f"the build made a wheel that cannot be read: {e}")
    if len(text) > MAX_METADATA:
        fail(f"the build made a wheel whose METADATA is larger than {MAX_METADATA >> 20} MiB")
    said = email.parser.BytesHeaderParser().parsebytes(text)
    every = {key: [str(v) for v in said.get_all(header, [])] for key, header in
             (("requires-dist", "Requires-Dist"), ("provides-extras", "Provides-Extra"))}
    return {"name": str(said.get("Name", "")), "version": str(said.get("Version", "")), "requires-python": str(said.get("Requires-Python", "")), **every}


def main():
    request = json.load(open(sys.argv[1]))
    source = request["source"]
    if os.path.isdir(source):
        code, said = run(["cp", "-Rp", "--", source, "/tmp/source"])
        if code != 0:
            fail(said)
        source = os.path.join("/tmp/source", request["subdirectory"])
    else:
        source = unpacked(source)
    env = dict(os.environ, PYTHONHASHSEED="0", PYTHONPATH="/build/site", PATH="/build/site/bin:" + os.environ.get("PATH", "/usr/bin:/bin"))
    if request["version"]:
        # Of setuptools-scm, hatch-vcs, PBR, PDM and poetry-dynamic-versioning.
        for name in ("SETUPTOOLS_SCM_PRETEND_VERSION", "PBR_VERSION", "PDM_BUILD_SCM_VERSION", "POETRY_DYNAMIC_VERSIONING_BYPASS"):
            env[name] = request["version"]
    code, said = run([os.environ["UV"], "build", "--wheel", "--no-build-isolation", "--offline", "--python", sys.executable,
                      "--out-dir", give(WHEELS), source], env=env)
    if code != 0:
        fail(said)
    name = only_wheel()
    shutil.copy(f"{WHEELS}/{name}", f"{OUT}/{name}")
    digest = hashlib.sha256()
    with open(f"{OUT}/{name}", "rb") as f:
        while chunk := f.read(1 << 20):
            digest.update(chunk)
    digest = digest.hexdigest()
    if request["sha256"] and request["sha256"] != digest:
        fail(f"{name} came out with sha256 {digest}, but the lock says {request['sha256']}: its build is not reproducible, or its sources changed; run deployfile lock --upgrade {request['name']}")
    with open("/build/requirements.txt") as f:
        requirements = f.read()
    with open(f"{OUT}/built.json", "w") as f:
        json.dump({"filename": name, "sha256": digest, "requirements": requirements, "metadata": metadata(f"{OUT}/{name}"),
                   "libraries": libraries(f"{OUT}/{name}")}, f)


main()
