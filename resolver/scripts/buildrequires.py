"""Fetches what a wheel is built with, and runs none of it.

Without pinned build requirements it resolves them; with them it takes these and
no others. They are wheels only, so that no build script runs where there is a
network and an index's credential."""

import tarfile
import zipfile


MAX_PROJECT = 1 << 20
# A requirement (PEP 508) without an address: a line of a requirements file could be
# an option as well, and uv puts variables of its environment into addresses.
VERSION = r"(===|[<>=!~]=|[<>])\s*[A-Za-z0-9.*+!_-]+"
REQUIREMENT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[A-Za-z0-9._, -]*\])?\s*\(?\s*({VERSION}(\s*,\s*{VERSION})*)?\s*\)?\s*(;[^\x00-\x1f\x7f$@`]*)?", re.ASCII)


def bounded(file):
    data = file.read(MAX_PROJECT + 1)
    if len(data) > MAX_PROJECT:
        fail("pyproject.toml is larger than 1 MiB")
    return data


def build_requirements(source):
    """The build-system.requires of a project (PEP 518)."""
    if os.path.isdir(source):
        path = project_file(source)
        if not path:
            return ["setuptools", "wheel"]
        with open(path, "rb") as f:
            project = parse_toml(bounded(f))
    else:
        data = None
        if source.endswith(".zip"):
            with zipfile.ZipFile(source) as z:
                for n in z.namelist():
                    if n.count("/") == 1 and n.endswith("/pyproject.toml"):
                        with z.open(n) as f:
                            data = bounded(f)
        else:
            with tarfile.open(source) as t:
                for m in t:
                    if m.isfile() and m.name.count("/") == 1 and m.name.endswith("/pyproject.toml"):
                        data = bounded(t.extractfile(m))
                        break
        if data is None:
            return ["setuptools", "wheel"]
        project = parse_toml(data)
    system = project.get("build-system", {})
    requires = list(system.get("requires", ["setuptools", "wheel"]))
    for r in requires:
        if not isinstance(r, str) or not REQUIREMENT.fullmatch(r.strip()):
            fail(f"pyproject.toml asks for {r!r} to build with, which is not the name of a package with its versions", "unsatisfiable")
    # What a setuptools older than 70 asks for at build time.
    if any(r.startswith("setuptools") for r in requires) and "wheel" not in requires:
        requires.append("wheel")
    return requires


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    request["indexes"] = conceal(request["indexes"] or [])
    configure(request["indexes"])
    give(WORK)
    pins = f"{OUT}/requirements.txt"
    if request["requirements"]:
        with open(pins, "w") as f:
            f.write(request["requirements"])
    else:
        code, said = compile(request, build_requirements(request["source"]), request.get("constraints") or [], "/tmp/build.txt",
                             "--generate-hashes", "--no-annotate", "--no-build")
        if code != 0:
            fail(said, "unsatisfiable", refusals=refusals(request, said))
        shutil.copy("/tmp/build.txt", pins)
    code, said = uv("pip", "install", "--quiet", "--target", give(f"{OUT}/site"),
                    "--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", pins)
    if code != 0:
        fail(said, "index", refusals=refusals(request, said))


main()
