"""Resolves requirements to a pylock.toml with uv."""

WORK = "/tmp/lock"


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


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
    lines = ["[project]", 'name = "deployfile-pins"', 'version = "0"', f"dependencies = {json.dumps(sorted(names))}"]
    for i in request["indexes"] or []:
        if i.get("packages"):
            lines += index_table("[[tool.uv.index]]", i) + ["explicit = true"]
    lines.append("[tool.uv.sources]")
    lines += [f"{json.dumps(n)} = {{ index = {json.dumps(pins[n]['name'])} }}" for n in sorted(names)]
    with open(f"{WORK}/pyproject.toml", "w") as f:
        f.write("\n".join(lines) + "\n")


def compile(request, requirements, constraints, output):
    """Runs uv pip compile; an output that is there is uv's preference."""
    pins = pinned(request)
    if not pins:
        return compile_once(request, requirements, constraints, output)
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
            if name in pins and any("(pyproject.toml)" not in v for v in via.split(", ")):
                needed.add(name)
    write_pins(request, needed)
    return compile_once(request, requirements, constraints, output)


def compile_once(request, requirements, constraints, output):
    for name, lines in (("requirements.in", requirements), ("constraints.in", constraints)):
        with open(f"{WORK}/{name}", "w") as f:
            f.write("".join(line + "\n" for line in lines))
    pins = ["pyproject.toml"] if pinned(request) else []
    args = [os.environ["UV"], "pip", "compile", "requirements.in", *pins, "-c", "constraints.in", "-o", output,
            "--format", "pylock.toml" if output.endswith(".toml") else "requirements.txt", "--annotation-style", "line", "--no-header", "--quiet",
            "--python", sys.executable, "--python-version", request["python"], "--python-platform", request["platform"]]
    for option in request["options"] or []:
        args += option.split(" ", 1)
    upgrade = request["upgrade"] or []
    if "*" in upgrade:
        args.append("--upgrade")
    else:
        for name in upgrade:
            args += ["--upgrade-package", name]
    return run(args, cwd=WORK)


def skinny(request, requirements):
    """Replaces mlflow by mlflow-skinny and what its scoring server needs.

    Everything else gets the version that it would have beside the full
    mlflow, so that the model finds what it was logged with."""
    named = [(requirement_name(r), r) for r in requirements]
    if any(n == "mlflow" and extras for (n, extras), _ in named) or not any(n == "mlflow" for (n, _), _ in named):
        return requirements, []
    previous = f"{WORK}/pylock.toml"
    full = f"{WORK}/pylock.full.toml"
    if os.path.exists(previous):
        shutil.copy(previous, full)
    code, said = compile(request, requirements, request["constraints"], "pylock.full.toml")
    if code != 0:
        complain(said)
    packages = load_toml(full)["packages"]
    version = next(p["version"] for p in packages if canonical(p["name"]) == "mlflow")
    keep = [r for (n, _), r in named if n != "mlflow"]
    server = [f"mlflow-skinny=={version}", "pandas", "numpy"]
    # The scoring server was a Flask application before MLflow 2.22.
    if tuple(int(x) for x in re.findall(r"\d+", version)[:2]) < (2, 22):
        server += ["flask", "gunicorn"]
    pins = [f"{p['name']}=={p['version']}" for p in packages
            if "version" in p and ("wheels" in p or "sdist" in p) and not canonical(p["name"]).startswith("mlflow")]
    return keep + server, pins


def check_out(repository):
    """Makes a folder of a repository that its build may write to."""
    folder = f"{WORK}/repositories/{repository['key']}"
    shutil.copytree(f"/run/repositories/{repository['key']}", folder, symlinks=True)
    folder = os.path.join(folder, repository["subdirectory"])
    marker = f" ; {repository['marker']}" if repository["marker"] else ""
    return f"{repository['name']} @ file://{folder}{marker}"


def name_repository(lock, repository):
    """Says in the lock where a folder came from (PEP 751, packages.vcs)."""
    vcs = f'vcs = {{ type = "git", url = {json.dumps(repository["url"])}'
    if repository["revision"]:
        vcs += f', requested-revision = {json.dumps(repository["revision"])}'
    vcs += f', commit-id = {json.dumps(repository["commit"])}'
    if repository["subdirectory"]:
        vcs += f', subdirectory = {json.dumps(repository["subdirectory"])}'
    pattern = rf'^directory = \{{ path = "[^"]*repositories/{re.escape(repository["key"])}[/"][^\n]*$'
    return re.sub(pattern, lambda m: vcs + " }", lock, flags=re.M)


def complain(said):
    kind = "unsatisfiable" if "No solution found" in said else "index"
    fail(said, kind)


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    os.makedirs(WORK, exist_ok=True)
    if os.path.exists("/run/previous/pylock.toml"):
        shutil.copy("/run/previous/pylock.toml", f"{WORK}/pylock.toml")
    index_environment(request["indexes"] or [])
    requirements, pins = request["requirements"] or [], []
    request["constraints"] = request["constraints"] or []
    repositories = request["repositories"] or []
    requirements += [check_out(r) for r in repositories]
    if request["mlflow"] == "skinny":
        requirements, pins = skinny(request, requirements)
    code, said = compile(request, requirements, request["constraints"] + pins, "pylock.toml")
    if code != 0:
        complain(said)
    with open(f"{WORK}/pylock.toml") as f:
        lock = f.read()
    for r in repositories:
        lock = name_repository(lock, r)
    with open(f"{OUT}/pylock.toml", "w") as f:
        f.write(lock)


main()
