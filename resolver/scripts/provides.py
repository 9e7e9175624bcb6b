"""Asks the index of an image's apt which packages contain files.

The lists of contents are those that apt-file reads: apt fetches them as it fetches
its other lists, and checks them by the same signatures."""

import subprocess

APT = ["-o", "Dir::State::lists=/tmp/lists", "-o", "Dir::Cache=/tmp/cache", "-o", "Dir::Log=/tmp",
       "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]
# Ubuntu has one list for all components.
TARGETS = {"Contents-deb": ("$(COMPONENT)/Contents-{}", ""), "Contents-legacy": ("Contents-{}", "Contents-deb")}
# The longest line of a list, in bytes, and how many packages are named for a file.
MAX_LINE = 1 << 16
NAMED = 3


def contents(architecture):
    """Options of apt by which it fetches the lists of contents, too."""
    options = []
    for name, (key, instead) in TARGETS.items():
        at = f"Acquire::IndexTargets::deb::{name}"
        for option, value in (("MetaKey", key.format(architecture)), ("ShortDescription", "Contents"), ("Description", f"$(RELEASE) {name}"),
                              ("PDiffs", "false"), ("KeepCompressed", "true"), ("Fallback-Of", instead), ("Identifier", "Contents-deb")):
            if value:
                options += ["-o", f"{at}::{option}={value}"]
    return options


def lines(file):
    """The lines of a list, which apt itself unpacks."""
    process = subprocess.Popen(["/usr/lib/apt/apt-helper", *APT, "cat-file", file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               preexec_fn=lambda: confined(USER))
    with process.stdout as out:
        while line := out.readline(MAX_LINE):
            yield line
    process.wait()


def packages(path, names):
    """The packages of a line, those that other packages depend on first."""
    found = [n.rpartition("/")[2] for n in names.split(",")]
    return sorted(found, key=lambda n: (n.endswith(("-dev", "-dbg", "-dbgsym")), len(n), n))


def main():
    trust()
    wanted = {path: name for name, paths in json.load(open(sys.argv[1]))["files"].items() for path in paths}
    for folder in ("/tmp/lists", "/tmp/lists/partial", "/tmp/cache", "/tmp/cache/archives", "/tmp/cache/archives/partial"):
        give(folder)
    bundle = os.environ.get("SSL_CERT_FILE")
    apt = APT + (["-o", f"Acquire::https::CAInfo={bundle}"] if bundle else [])
    try:
        code, said = run(["dpkg", "--print-architecture"])
        if code == 0:
            code, said = run(["apt-get", *apt, *contents(said.split()[-1]), "update"])
    except FileNotFoundError:
        fail("the image has no apt-get", "no-apt")
    if code != 0:
        fail(said, "index")
    found = {}
    for name in sorted(os.listdir("/tmp/lists")):
        if "Contents-" not in name:
            continue
        for line in lines(f"/tmp/lists/{name}"):
            path, _, names = line.decode(errors="replace").strip().rpartition(" ")
            path = path.strip()
            if path in wanted:
                found.setdefault(wanted[path], []).extend(packages(path, names))
    with open(f"{OUT}/provides.json", "w") as f:
        json.dump({name: list(dict.fromkeys(p))[:NAMED] for name, p in found.items()}, f)


main()
