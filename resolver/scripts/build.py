"""Makes a wheel from a source distribution or a repository.

Without pinned build requirements it resolves them; with them it uses these
and no others. Either way it says what it built with."""

import glob
import hashlib
import tarfile
import zipfile


def build_requirements(source):
    """The build-system.requires of a project (PEP 518)."""
    path = None
    if os.path.isdir(source):
        path = os.path.join(source, "pyproject.toml")
        if not os.path.exists(path):
            return ["setuptools", "wheel"]
        project = load_toml(path)
    else:
        data = None
        if source.endswith(".zip"):
            with zipfile.ZipFile(source) as z:
                for n in z.namelist():
                    if n.count("/") == 1 and n.endswith("/pyproject.toml"):
                        data = z.read(n)
        else:
            with tarfile.open(source) as t:
                for m in t:
                    if m.isfile() and m.name.count("/") == 1 and m.name.endswith("/pyproject.toml"):
                        data = t.extractfile(m).read()
        if data is None:
            return ["setuptools", "wheel"]
        with open("/tmp/pyproject.toml", "wb") as f:
            f.write(data)
        project = load_toml("/tmp/pyproject.toml")
    system = project.get("build-system", {})
    requires = list(system.get("requires", ["setuptools", "wheel"]))
    # What a setuptools older than 70 asks for at build time.
    if any(r.startswith("setuptools") for r in requires) and "wheel" not in requires:
        requires.append("wheel")
    return requires


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    index_environment(request["indexes"] or [])
    uv = os.environ["UV"]
    source = request["source"]
    pins = "/tmp/build-requirements.txt"
    if request["requirements"]:
        with open(pins, "w") as f:
            f.write(request["requirements"])
    else:
        with open("/tmp/build.in", "w") as f:
            f.write("\n".join(build_requirements(source)) + "\n")
        code, said = run([uv, "pip", "compile", "/tmp/build.in", "-o", pins, "--generate-hashes", "--no-header",
                          "--no-annotate", "--quiet", "--python", sys.executable])
        if code != 0:
            fail(said, "unsatisfiable")
    if os.path.isdir(source):
        shutil.copytree(source, "/tmp/source", symlinks=True)
        source = "/tmp/source"
        if request.get("subdirectory"):
            source = os.path.join(source, request["subdirectory"])
    env = dict(os.environ, PYTHONHASHSEED="0")
    if request["version"]:
        env["SETUPTOOLS_SCM_PRETEND_VERSION"] = request["version"]
    run_or_fail([uv, "venv", "--quiet", "--python", sys.executable, "/tmp/venv"])
    run_or_fail([uv, "pip", "install", "--quiet", "--python", "/tmp/venv/bin/python", "--require-hashes", "-r", pins])
    env["PATH"] = "/tmp/venv/bin:" + env.get("PATH", "/usr/bin:/bin")
    code, said = run([uv, "build", "--wheel", "--no-build-isolation", "--offline", "--python", "/tmp/venv/bin/python",
                      "--out-dir", "/tmp/wheels", source], env=env)
    if code != 0:
        fail(said)
    wheels = glob.glob("/tmp/wheels/*.whl")
    if len(wheels) != 1:
        fail(f"the build made {len(wheels)} wheels instead of one")
    name = os.path.basename(wheels[0])
    shutil.copy(wheels[0], f"{OUT}/{name}")
    with open(wheels[0], "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    if request.get("sha256") and request["sha256"] != digest:
        fail(f"{name} came out with sha256 {digest}, but the lock says {request['sha256']}: its build is not reproducible, or its sources changed; run deployfile lock --upgrade {request['name']}")
    with open(f"{OUT}/built.json", "w") as f:
        json.dump({"filename": name, "sha256": digest, "requirements": open(pins).read()}, f)


def run_or_fail(args):
    code, said = run(args)
    if code != 0:
        fail(said, "index")


main()
