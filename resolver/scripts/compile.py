"""What resolving requirements and build requirements share."""

import contextlib
import glob
import time

WORK = "/tmp/lock"
# For how many packages that uv did not find their indexes are asked once more.
MAX_ASKED = 5


@contextlib.contextmanager
def silence():
    """Keeps out of the log what a program says, which its caller reports if it is the
    end of the step: uv is asked several times, and not every answer matters."""
    error, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(error, 2)
        os.close(error)
        os.close(nowhere)


@contextlib.contextmanager
def counted():
    """Says in the log meanwhile of how many packages uv knows what the index has. uv
    would tell a terminal alone, and of those that it has then. It is a process of its
    own: run forks, where threads are no good."""
    child = os.fork()
    if child == 0:
        tell_count()
    try:
        yield
    finally:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass  # run has ended everything
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def tell_count():
    """Writes every two seconds how many pages of indexes are in uv's cache, if there are
    more."""
    told = 0
    while True:
        time.sleep(2)
        pages = len(glob.glob(f"{glob.escape(os.environ['UV_CACHE_DIR'])}/simple-v*/**/*.rkyv", recursive=True))
        if pages > told:
            print(f"{pages} package{'s'[:pages > 1]} looked up", file=sys.stderr, flush=True)
            told = pages


def requirement_name(text):
    """The project name of a PEP 508 requirement; a path or URL has none."""
    m = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^]]*\])?", text)
    return (canonical(m.group(1)), m.group(2) or "") if m and "/" not in m.group(0) else ("", "")


def pinned(request):
    """The names that come from one index and no other, with that index."""
    return {canonical(p): i for i in request["indexes"] or [] for p in i.get("packages") or []}


def write_pins(request, names):
    """Makes requirements of names, each from its own index alone.

    uv looks an explicit index up for direct requirements only, so what a
    requirement needs in turn is made one too."""
    pins = pinned(request)
    lines = ["[project]", 'name = "deployfile-pins"', 'version = "0"', f"dependencies = [{', '.join(toml_string(n) for n in sorted(names))}]"]
    for i in request["indexes"] or []:
        if i.get("packages"):
            lines += index_table("[[tool.uv.index]]", i) + ["explicit = true"]
    lines.append("[tool.uv.sources]")
    lines += [f"{toml_string(n)} = {{ index = {toml_string(pins[n]['name'])} }}" for n in sorted(names)]
    with open(f"{WORK}/pyproject.toml", "w") as f:
        f.write("\n".join(lines) + "\n")


def refusals(request, said):
    """What the indexes answer that uv asked in vain. To uv, an index that lets nobody in
    has no package; so those are asked once more."""
    said, indexes, found = " ".join(said.split()), request["indexes"] or [], []
    for name in re.findall(r"[Bb]ecause ([a-z0-9][a-z0-9._-]*) was not found in", said)[:MAX_ASKED]:
        pin = pinned(request).get(name)
        for i in [pin] if pin else [i for i in indexes if not i.get("packages")]:
            try:
                get(project_page(i["url"], name), i.get("secret")).close()
            except urllib.error.HTTPError as e:
                found.append(refusal(i["url"], e.code, name, i.get("secret")))
            except OSError:
                pass  # uv has said so
    for status, url in re.findall(r"\((\d{3}) [^()]*\) for url \((https?://[^\s()]+)\)", said):
        found.append(refusal(url, int(status), file_name(url), secret_for(url, indexes)))
    return found


def compile(request, requirements, constraints, output, *extra):
    """Runs uv pip compile; an output that is there is uv's preference."""
    pins = pinned(request)
    if not pins:
        return compile_once(request, requirements, constraints, output, *extra)
    # All of them at first, so that none is ever looked for anywhere else;
    # then those that something requires.
    write_pins(request, pins)
    code, said = compile_once(request, requirements, constraints, "/tmp/pins.txt")
    if code != 0:
        return code, said
    needed = set()
    with open("/tmp/pins.txt") as f:
        for line in f:
            package, _, via = line.partition("# via ")
            name, _ = requirement_name(package)
            # Neither a constraint nor an override requires anything.
            if name in pins and any("(pyproject.toml)" not in v and not v.startswith(("-c ", "--override ")) for v in via.strip().split(", ")):
                needed.add(name)
    write_pins(request, needed)
    return compile_once(request, requirements, constraints, output, *extra)


def compile_once(request, requirements, constraints, output, *extra):
    override, without = request.get("override") or [], request.get("without") or []
    for name, lines in (("requirements.in", requirements), ("constraints.in", constraints), ("override.in", override), ("without.in", without)):
        with open(f"{WORK}/{name}", "w") as f:
            f.write("".join(line + "\n" for line in lines))
    pins = ["pyproject.toml"] if pinned(request) else []
    # Without isolation, because uv would first fetch what it builds with.
    args = ["pip", "compile", "requirements.in", *pins, "-c", "constraints.in", "-o", output,
            "--format", "pylock.toml" if output.endswith(".toml") else "requirements.txt", "--annotation-style", "line", "--no-header", "--quiet",
            "--no-build-isolation", *extra]
    if override:
        args += ["--overrides", "override.in"]
    if without:
        args += ["--excludes", "without.in"]
    if request.get("platform"):
        args += ["--python-version", request["python"], "--python-platform", request["platform"]]
    for option in request.get("options") or []:
        args += option.split(" ", 1)
    with silence():
        learn_python()
    with counted(), silence():
        return uv(*args, cwd=give(WORK))
