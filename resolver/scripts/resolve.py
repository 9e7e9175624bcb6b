"""Resolves requirements to a pylock.toml with uv."""

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
    code, said = compile(request, requirements, request["constraints"], "pylock.full.toml", *guard(request))
    if code != 0:
        complain(request, said, requirements, request["constraints"])
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


def missing_wheels(said):
    """The packages that uv says there are wheels of, but none that fits, or that
    it would have to build."""
    return re.findall(r"[Ww]heels (?:are (?:available|required) )?for `([^`]+)`", said)


def complain(request, said, requirements, constraints):
    hints, found = [], missing_wheels(said)
    more = found
    while more:
        # uv ends with the first one. Without those that are known, it tells of
        # the next.
        with open(f"{WORK}/overrides.in", "w") as f:
            f.write("".join(f"{name} ; python_version < '0'\n" for name in found))
        code, again = compile(request, requirements, constraints, f"{WORK}/pylock.rest.toml", *guard(request), "--override", f"{WORK}/overrides.in")
        more = [name for name in missing_wheels(again) if name not in found] if code != 0 else []
        hints += [line for line in again.splitlines() if any(f"`{name}`" in line for name in more)]
        found = found + more
    if hints:
        said += "\nand, once that is mended:\n" + "\n".join(hints)
    kind = "unsatisfiable" if "No solution found" in said else "index"
    if guard(request) and "build" in said.lower():
        said += "\nnothing is built from source while resolving, because an index has a credential that a build script could read, or packages of its own; give a wheel instead"
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
    code, said = compile(request, requirements, request["constraints"] + pins, "pylock.toml", *guard(request))
    if code != 0:
        complain(request, said, requirements, request["constraints"] + pins)
    with open(f"{WORK}/pylock.toml") as f:
        lock = f.read()
    for r in repositories:
        lock = name_repository(lock, r)
    with open(f"{OUT}/pylock.toml", "w") as f:
        f.write(lock)


main()
