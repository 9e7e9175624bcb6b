"""Makes a wheel from a source distribution or a repository, without a network.

/build has what it is built with, made by buildrequires.py."""

import glob
import hashlib


def main():
    request = json.load(open(sys.argv[1]))
    source = request["source"]
    if os.path.isdir(source):
        shutil.copytree(source, "/tmp/source", symlinks=True)
        source = os.path.join("/tmp/source", request["subdirectory"])
    env = dict(os.environ, PYTHONHASHSEED="0", PYTHONPATH="/build/site", PATH="/build/site/bin:" + os.environ.get("PATH", "/usr/bin:/bin"))
    if request["version"]:
        env["SETUPTOOLS_SCM_PRETEND_VERSION"] = request["version"]
    code, said = run([os.environ["UV"], "build", "--wheel", "--no-build-isolation", "--offline", "--python", sys.executable,
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
    if request["sha256"] and request["sha256"] != digest:
        fail(f"{name} came out with sha256 {digest}, but the lock says {request['sha256']}: its build is not reproducible, or its sources changed; run deployfile lock --upgrade {request['name']}")
    with open("/build/requirements.txt") as f:
        requirements = f.read()
    with open(f"{OUT}/built.json", "w") as f:
        json.dump({"filename": name, "sha256": digest, "requirements": requirements}, f)


main()
