"""Asks apt which packages an installation on an image would fetch.

It runs in the image, or, for a base of another architecture, in the toolchain with
the base's lists of sources, keys and installed packages."""

import re
from urllib.parse import unquote

APT = ["-o", "Dir::State::lists=/tmp/lists", "-o", "Dir::Cache=/tmp/cache", "-o", "Dir::Log=/tmp",
       "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "APT::Install-Recommends=0"]


def main():
    trust()
    for folder in ("/tmp/lists", "/tmp/lists/partial", "/tmp/cache", "/tmp/cache/archives", "/tmp/cache/archives/partial"):
        give(folder)
    bundle = os.environ.get("SSL_CERT_FILE")
    apt = APT + (["-o", f"Acquire::https::CAInfo={bundle}"] if bundle else [])
    architecture, image = os.environ.get("APT_ARCHITECTURE"), os.environ["APT_IMAGE"]
    if architecture:
        apt += ["-o", f"APT::Architecture={architecture}", "-o", f"APT::Architectures={architecture}"]
    wanted = sys.argv[1:]
    try:
        code, said = run(["apt-get", *apt, "-o", "APT::Update::Error-Mode=any", "update"])
    except FileNotFoundError:
        if architecture:
            fail("the toolchain image has no apt-get, which finds the packages for an architecture that the builder cannot run; take a Debian or Ubuntu toolchain, or lock on a builder for " + architecture, "no-apt")
        key = "build-packages" if image == "toolchain" else "system-packages"
        fail(f"the {image} image has no apt-get, so {key} cannot be installed on it; take a Debian or Ubuntu {image}", "no-apt")
    if code != 0:
        fail(said, "index")
    code, said = run(["apt-get", *apt, "install", "-y", "--print-uris", "-qq", *wanted])
    if code != 0:
        fail(said, "unsatisfiable")
    packages = []
    for uri, name, size in re.findall(r"^'([^']+)' (\S+) (\d+)", said, re.M):
        package, version, _ = unquote(name).rsplit("_", 2)
        _, shown = run(["apt-cache", *apt, "show", f"{package}={version}"])
        digest = re.search(r"^SHA256: ([0-9a-f]{64})$", shown, re.M)
        if not digest:
            fail(f"apt knows no SHA256 of {package} {version}, so it cannot be locked")
        # A folder of files takes no ':' or '%'.
        filename = re.sub(r"[^A-Za-z0-9._+~-]", "_", unquote(name))
        packages.append({"name": package, "version": version, "url": uri, "filename": filename,
                         "size": int(size), "sha256": digest.group(1)})
    packages.sort(key=lambda p: p["name"])
    with open(f"{OUT}/apt.json", "w") as f:
        json.dump(packages, f)


main()
