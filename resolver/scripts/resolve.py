"""Resolves requirements to a pylock.toml with uv.

Nothing is built here, where there are a network and secrets. Of a package that
has no wheel, what it requires is known from metadata (the request's) or is asked
for: then sources.json names it, and there is no pylock.toml yet."""

MAX_SOURCES = 200
# uv proposes this where the first index that has a package has no version that fits.
BEST_MATCH = "--index-strategy unsafe-best-match"


class Unknown(Exception):
    """Some packages' metadata has to be had before there can be a lock."""


def resolve(request, requirements, constraints, output, *extra):
    """Runs uv, and where it would have to build a package to learn what that
    requires, goes on as if it required nothing, to hear of the next."""
    configure(request["indexes"], request["metadata"] + request["unknown"])
    while True:
        code, said = compile(request, requirements, constraints, output, *extra)
        if code != 0 and BEST_MATCH in said and as_pip(request):
            request["options"].append(BEST_MATCH)
            continue
        found = re.search(r"[Ff]ailed to (?:download and )?build `([A-Za-z0-9._-]+(?:==[A-Za-z0-9.+!_-]+| @ [^\s`$]+))`", said) if code != 0 else None
        if not found:
            break
        source = wanted(found.group(1))
        if source["requirement"] in [u["requirement"] for u in request["unknown"]] or len(request["unknown"]) == MAX_SOURCES:
            break
        request["unknown"].append(source)
        configure(request["indexes"], request["metadata"] + request["unknown"])
    if request["unknown"]:
        raise Unknown()
    if code != 0:
        complain(request, said, requirements, constraints)


def as_pip(request):
    """Whether all that is known of the indexes is what requirements files say, as pip
    reads them: no order. An index of the Deployfile's own hides what others have."""
    return BEST_MATCH not in request["options"] and all(i.get("extra") or i.get("default") or i.get("packages") for i in request["indexes"])


def wanted(text):
    """A package as uv names it: NAME==VERSION, or NAME @ URL."""
    name, at, _ = text.partition(" @ ")
    if at:
        # Of an address uv compares no version.
        return {"name": name, "version": "0", "requirement": text}
    name, _, version = text.partition("==")
    return {"name": name, "version": version, "requirement": text}


def locate(request, source, repositories):
    """A pylock of one package alone."""
    pins = pinned(request)
    if pins:
        write_pins(request, {canonical(source["name"])} & set(pins))
    name = f"pylock.source{request['unknown'].index(source)}.toml"
    code, said = compile_once(request, [source["requirement"]], [], name, "--no-deps")
    if code != 0:
        fail(said, "index", refusals=refusals(request, said))
    return {"name": source["name"], "version": source["version"], "pylock": named(f"{WORK}/{name}", repositories)}


def named(path, repositories):
    """A lock that says where its repositories and files came from."""
    with open(path, encoding="utf-8") as f:
        lock = f.read()
    for r in repositories:
        lock = name_repository(lock, r)
    # uv writes the path of a file: URL as it is from the root.
    return lock.replace(f'path = "{WORK}/', 'path = "')


def skinny(request, requirements):
    """Replaces mlflow by mlflow-skinny and what its scoring server needs.

    Everything else gets the version that it would have beside the full
    mlflow, so that the model finds what it was logged with."""
    named = [(requirement_name(r), r) for r in requirements]
    names = [n for (n, _), _ in named]
    if any(n == "mlflow" and extras for (n, extras), _ in named) or not {"mlflow", "mlflow-skinny"} & set(names):
        return requirements, []
    # A model may require mlflow-skinny itself, which lacks what its server needs.
    mlflow = "mlflow" if "mlflow" in names else "mlflow-skinny"
    previous = f"{WORK}/pylock.toml"
    full = f"{WORK}/pylock.full.toml"
    if os.path.exists(previous):
        shutil.copy(previous, full)
    resolve(request, requirements, request["constraints"], "pylock.full.toml")
    packages = load_toml(full)["packages"]
    version = next((p["version"] for p in packages if canonical(p["name"]) == mlflow and "version" in p), "")
    if not version:
        return requirements, []
    keep = [r for (n, _), r in named if n != "mlflow"]
    server = [f"mlflow-skinny=={version}"] if mlflow == "mlflow" else []
    server += ["pandas", "numpy"]
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
    for link in list(leads_out(folder)):
        os.remove(link)
    folder = os.path.join(folder, repository["subdirectory"])
    marker = f" ; {repository['marker']}" if repository["marker"] else ""
    return f"{repository['name']} @ file://{folder}{marker}"


def name_repository(lock, repository):
    """Says in the lock where a folder came from (PEP 751, packages.vcs)."""
    vcs = f'vcs = {{ type = "git", url = {toml_string(repository["url"])}'
    if repository["revision"]:
        vcs += f', requested-revision = {toml_string(repository["revision"])}'
    vcs += f', commit-id = {toml_string(repository["commit"])}'
    if repository["subdirectory"]:
        vcs += f', subdirectory = {toml_string(repository["subdirectory"])}'
    folder = os.path.normpath(f"{WORK}/repositories/{repository['key']}/{urllib.parse.unquote(repository['subdirectory'])}")

    def name(line):
        # Another repository may have a folder that is called the same.
        path = parse_toml(line[0].encode())["directory"]["path"]
        return vcs + " }" if os.path.normpath(os.path.join(WORK, path)) == folder else line[0]

    return re.sub("^directory = .*$", name, lock, flags=re.M)


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
        rest = dict(request, without=request["without"] + found)
        code, again = compile(rest, requirements, constraints, f"{WORK}/pylock.rest.toml")
        more = [name for name in missing_wheels(again) if name not in found] if code != 0 else []
        hints += [line for line in again.splitlines() if any(f"`{name}`" in line for name in more)]
        found = found + more
    said = re.sub(r"^hint: `([^`]+)` was found on (\S+?), but not at the requested version.*$",
                  r"hint: `\1` was found on \2, which has no version that fits, and a package is looked for in the first index that has it; "
                  r'limit that index to the packages that it is for: packages = ["NAME", …] in its table of [[environment.indexes]]', said, flags=re.M)
    if hints:
        said += "\nand, once that is mended:\n" + "\n".join(hints)
    kind = "unsatisfiable" if "No solution found" in said else "index"
    fail(said, kind, shown=False, refusals=refusals(request, said))


def is_required(request, name, requirements):
    """Whether something requires a package that is left out. If it cannot be resolved
    with it, that may be why it is left out."""
    rest = dict(request, without=[n for n in request["without"] if n != name])
    code, _ = compile(rest, requirements, request["constraints"], "/tmp/required.txt")
    if code != 0:
        return True
    with open("/tmp/required.txt") as f:
        return any(requirement_name(line)[0] == name for line in f)


def prefer(previous, upgrade):
    """Puts the lock that there was where uv prefers what it holds, without what is to
    be upgraded. uv's own --upgrade would also ask Python anew what it is."""
    with open(previous, encoding="utf-8") as f:
        head, *packages = re.split(r"^(?=\[\[packages\]\]$)", f.read(), flags=re.M)
    names = {canonical(n) for n in upgrade}
    kept = [p for p in packages if "*" not in upgrade and canonical(parse_toml(p.encode())["packages"][0]["name"]) not in names]
    if kept:
        with open(f"{WORK}/pylock.toml", "w", encoding="utf-8") as f:
            f.write(head + "".join(kept))


def refuse_hidden(request, path):
    """Ends the step if an index that was asked without its secret says that it has none of a
    package, which so comes from one after it. Many say so to whoever may not know what they
    have, and anybody may publish a package of that name elsewhere."""
    order = [i for i in request["indexes"] if not i.get("packages")]
    blind = [n for n, i in enumerate(order) if i.get("secret") and not os.path.exists(i["secret"])]
    # After the default index nothing is asked.
    if not blind or blind[0] == len(order) - 1 and order[blind[0]].get("default"):
        return
    pins = pinned(request)
    for p in load_toml(path)["packages"]:
        if canonical(p["name"]) not in pins and ("wheels" in p or "sdist" in p):
            for n, i in enumerate(order[:blind[-1] + 1]):
                try:
                    get(project_page(i["url"], canonical(p["name"])), i.get("secret")).close()
                    break  # it is of this one
                except urllib.error.HTTPError as e:
                    if n in blind:
                        fail(f"{i['url']}: {e.code} {e.reason}", "index", refusals=[refusal(i["url"], e.code, p["name"], i["secret"])])
                except OSError:
                    pass  # uv got an answer


def lock(request, requirements, repositories):
    """Writes pylock.toml, or raises Unknown."""
    pins, asked = [], requirements
    if request["mlflow"] == "skinny":
        requirements, pins = skinny(request, requirements)
    resolve(request, requirements, request["constraints"] + pins, "pylock.toml")
    refuse_hidden(request, f"{WORK}/pylock.toml")
    with open(f"{OUT}/pylock.toml", "w", encoding="utf-8") as f:
        f.write(named(f"{WORK}/pylock.toml", repositories))
    with open(f"{OUT}/unused.json", "w") as f:
        json.dump([n for n in request["unproven"] if not is_required(request, n, asked)], f)
    wheels, complete = locked_wheels(f"{OUT}/pylock.toml", request["tags"])
    with open(f"{OUT}/wheels.json", "w") as f:
        # What is built from source is looked into with the others once it is built.
        json.dump(look_into(wheels, request["indexes"]) if complete else None, f)


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    give(WORK)
    for link in leads_out(WORK):
        fail(f"{os.path.relpath(link, WORK)!r} is a symbolic link that leads out of what a requirement names")
    if os.path.exists("/run/previous/pylock.toml"):
        prefer("/run/previous/pylock.toml", request["upgrade"] or [])
    for key in ("constraints", "indexes", "metadata", "options", "override", "repositories", "requirements", "unproven", "without"):
        request[key] = request[key] or []
    conceal(request["indexes"])
    request["unknown"], sources = [], []
    repositories = request["repositories"]
    try:
        for r in repositories:
            line = check_out(r)
            if r["direct"]:
                request["requirements"].append(line)
            if r["override"]:
                request["override"].append(line)
        lock(request, request["requirements"], repositories)
    except Unknown:
        sources = [locate(request, s, repositories) for s in request["unknown"]]
    with open(f"{OUT}/sources.json", "w") as f:
        json.dump(sources, f)


main()
