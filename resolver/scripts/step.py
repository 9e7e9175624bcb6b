"""What the steps of the resolver share; put in front of each of them."""

import base64
import functools
import html.parser
import json
import netrc
import os
import posixpath
import re
import secrets
import shutil
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

OUT = "/out"
# The largest page of an index and the largest file that are read, in bytes: an
# index of a stranger's fills no memory and no disk.
MAX_PAGE = 64 << 20
MAX_FILE = 16 << 30


def fail(message, kind="", shown=True, refusals=()):
    """Ends the step with a message for the person who waits for it. The log has it,
    too, unless it is not to be shown twice."""
    if shown:
        print(message, file=sys.stderr)
    with open(f"{OUT}/error.json", "w") as f:
        json.dump({"kind": kind, "message": message.strip(), "refusals": list(refusals)}, f)
    sys.exit(1)


def refusal(url, status, asked, secret):
    """A status with which the server of an index answered, what it was asked for, and
    whether the secret of the index was given."""
    return {"url": url, "status": status, "asked": asked, "given": bool(secret and os.path.exists(secret))}


def certificates(path):
    """The certificates of a PEM bundle (RFC 7468), without the text around them:
    what is no certificate is for nobody to read."""
    with open(path, "rb") as f:
        text = f.read(MAX_PAGE + 1)
    if len(text) > MAX_PAGE:
        fail(f"the secret with certificates is larger than {MAX_PAGE >> 20} MiB", "ca")
    found = []
    for label, body in re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----", text):
        if label != b"CERTIFICATE":
            fail(f"the secret with certificates also holds a {label.decode().lower()}; give certificates alone", "ca")
        found.append("-----BEGIN CERTIFICATE-----\n" + "\n".join(body.decode().split()) + "\n-----END CERTIFICATE-----\n")
    if not found:
        fail("the secret with certificates is no PEM bundle, it holds no -----BEGIN CERTIFICATE-----; name another with ca in [environment]", "ca")
    found = "".join(found)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=found)
    except ssl.SSLError as e:
        fail(f"the secret with certificates holds one that cannot be read: {e}", "ca")
    return found


def trust():
    """Adds the CA secret, if it was given, to the certificates of the image."""
    extra = os.environ.get("CA", "")
    if not os.path.exists(extra):
        return
    bundle = "/tmp/ca.pem"
    with open(bundle, "wb") as out:
        for name in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"):
            if os.path.exists(name):
                with open(name, "rb") as f:
                    shutil.copyfileobj(f, out)
                out.write(b"\n")
        out.write(certificates(extra).encode())
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"):
        os.environ[name] = bundle


def toml_string(text):
    """A basic string of TOML, whatever is in the text."""
    return json.dumps(text.encode(errors="replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def parse_toml(data):
    try:
        import tomllib
    except ModuleNotFoundError:  # Python before 3.11
        from pip._vendor import tomli as tomllib
    try:
        return tomllib.loads(data.decode())
    except ValueError as e:
        fail(f"pyproject.toml cannot be read: {e}", "unsatisfiable")


def load_toml(path):
    with open(path, "rb") as f:
        return parse_toml(f.read())


def project_file(folder):
    """The pyproject.toml of a repository, "" if there is none. It is no link that
    leads out: what it leads to would be read where there are secrets."""
    path = os.path.join(folder, "pyproject.toml")
    if not os.path.lexists(path):
        return ""
    if not os.path.realpath(path).startswith(os.path.realpath(folder) + "/") or not os.path.isfile(path):
        fail("pyproject.toml of the repository is not a file of it")
    return path


def leads_out(folder):
    """The symbolic links below a folder that lead out of it: uv would read there what
    they lead to, its own environment say, and show it."""
    root = os.path.realpath(folder)
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(place, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(root + "/"):
                yield path


def credential(path, url):
    """The user and password of a secret: user:password, a token, or a netrc."""
    if not path or not os.path.exists(path):
        return None
    with open(path) as f:
        text = f.read().strip()
    if re.match(r"(machine|default)\s", text):
        try:
            found = netrc.netrc(path).authenticators(urllib.parse.urlsplit(url).hostname)
        except netrc.NetrcParseError:
            fail("a secret looks like a netrc file, but is none", "index")
        return (found[0], found[2]) if found else None
    user, _, password = text.rpartition(":")
    return (user or "__token__", password)


def place(url):
    """Where a URL is: its scheme and host with the port, and the parts of its path,
    as a server reads it."""
    u = urllib.parse.urlsplit(url)
    host = u.netloc.lower().removesuffix({"http": ":80", "https": ":443"}.get(u.scheme, ""))
    path = posixpath.normpath("/" + urllib.parse.unquote(u.path))
    return (u.scheme, host), [part for part in path.split("/") if part]


def secret_for(url, indexes):
    """The secret that goes to a URL, None if none does. resolver/index.go has the
    same as secretFor, and says why."""
    (origin, at), longest, found, others = place(url), -1, None, set()
    for i in indexes or []:
        host, root = place(i["url"])
        if host != origin:
            continue
        if root[-1:] in (["simple"], ["+simple"]):
            del root[-1]
        if len(root) > longest and at[:len(root)] == root:
            longest, found = len(root), i.get("secret")
        if i.get("secret"):
            others.add(i["secret"])
    if longest < 0 and len(others) == 1:
        found = others.pop()
    return found or None


class Links(html.parser.HTMLParser):
    """The links of a simple index page (PEP 503), with why they were withdrawn
    (PEP 592), which is None for most."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href"):
            yanked = (attrs["data-yanked"] or "") if "data-yanked" in attrs else None
            self.found.append((attrs["href"], yanked))


def authorization(secret, url):
    """The header with a secret's credential for a URL, none if it has none."""
    found = credential(secret, url)
    return {"Authorization": "Basic " + base64.b64encode(":".join(found).encode()).decode()} if found else {}


def get(url, secret=None, headers=None):
    request = urllib.request.Request(url, headers={"User-Agent": "deployfile", "Accept-Encoding": "identity", **(headers or {})})
    for name, value in authorization(secret, url).items():
        # Unredirected: the credential is for the index, not for its storage.
        request.add_unredirected_header(name, value)
    return web().open(request, timeout=60)


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect unless it leads off the web, or from https to where
    others can read and change the answer."""

    def redirect_request(self, request, response, code, message, headers, to):
        was, now = (urllib.parse.urlsplit(u).scheme for u in (request.full_url, to))
        if now not in ("http", "https") or (was, now) == ("https", "http"):
            raise urllib.error.URLError(f"it redirects from {was} to {now}, which is not followed")
        return super().redirect_request(request, response, code, message, headers, to)


def web():
    """What opens http and https addresses and, unlike urllib's own, neither files
    nor anything else: pages of strangers have addresses of all kinds."""
    opener = urllib.request.OpenerDirector()
    context = authorities(os.environ.get("SSL_CERT_FILE"))
    for handler in (urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(context=context), Redirects(),
                    urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(), urllib.request.UnknownHandler()):
        opener.add_handler(handler)
    return opener


@functools.cache
def authorities(bundle):
    """The certificates that are trusted. To read them takes longer than a request."""
    return ssl.create_default_context(cafile=bundle)


def read_page(response):
    """The text of a page that is not too large."""
    data = response.read(MAX_PAGE + 1)
    if len(data) > MAX_PAGE:
        fail(f"{response.url}: the page is larger than {MAX_PAGE >> 20} MiB", "index")
    return data.decode(errors="replace")


def default_index():
    """The index that pip asks unless it is told otherwise."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        fail("the toolchain image has no pip, which knows the default package index; name another image with [environment] toolchain, or an index with default = true")
    return PyPI.simple_url


def project_page(index, project):
    return f"{index.rstrip('/')}/{project}/"


def page_links(page, secret=None):
    """The links of a page, as Links has them, and where the page is at last."""
    with get(page, secret) as r:
        links = Links()
        try:
            links.feed(read_page(r))
        except AssertionError:  # what the parser makes of some broken markup
            raise urllib.error.URLError("the page is no HTML") from None
        return links.found, r.url


def file_name(url):
    return urllib.parse.unquote(urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1])


def project_files(index, project, secret=None):
    """The files of a project in an index: address, name and sha256, or ""."""
    page = project_page(index, project)
    try:
        links, page = page_links(page, secret)
    except urllib.error.HTTPError as e:
        fail(f"{page}: {e.code} {e.reason}", "index", refusals=[refusal(page, e.code, project, secret)])
    except OSError as e:
        fail(f"{page}: {e}", "index")
    files = []
    for link, _ in links:
        url, _, fragment = urllib.parse.urljoin(page, link).partition("#")
        files.append((url, file_name(url), fragment[7:] if fragment.startswith("sha256=") else ""))
    return files


def conceal(indexes):
    """Gives indexes names that nobody can know. uv looks for a credential by the
    name of its index, and a package's own tool.uv.index may have any name."""
    for i in indexes:
        i["name"] = "index-" + secrets.token_hex(16)
    return indexes


def configure(indexes, metadata=()):
    """Writes uv's configuration: the proxies, the indexes, whose credentials go to uv
    by environment only, and what is known of packages that have no wheel."""
    lines = proxies()
    for i in indexes:
        if not i.get("packages"):
            lines += index_table("[[index]]", i)
        found = credential(i.get("secret"), i["url"])
        if found:
            key = i["name"].replace("-", "_").upper()
            os.environ[f"UV_INDEX_{key}_USERNAME"], os.environ[f"UV_INDEX_{key}_PASSWORD"] = found
    for m in metadata:
        lines += ["[[dependency-metadata]]", f"name = {toml_string(m['name'])}", f"version = {toml_string(m['version'])}"]
        if m.get("requires-python"):
            lines.append(f"requires-python = {toml_string(m['requires-python'])}")
        for key in ("requires-dist", "provides-extras"):
            lines.append(f"{key} = [{', '.join(toml_string(v) for v in m.get(key) or [])}]")
    with open("/tmp/uv.toml", "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    os.environ.pop("UV_NO_CONFIG", None)
    os.environ["UV_CONFIG_FILE"] = "/tmp/uv.toml"


def proxies():
    """The proxies of the environment as settings of uv. uv's own environment must not
    have them: it expands ${HTTPS_PROXY} in the addresses that packages ask for, and a
    proxy's address may hold a password."""
    found = urllib.request.getproxies_environment()
    lines = []
    for scheme in ("http", "https"):
        proxy = found.get(scheme) or found.get("all")
        if proxy:
            lines.append(f"{scheme}-proxy = {toml_string(proxy)}")
    if found.get("no"):
        lines.append(f"no-proxy = [{toml_string(found['no'])}]")
    return lines


def uv(*args, **kw):
    """Runs uv where there is a network: it reads what others wrote, and starts no
    program of theirs, because it can start none at all."""
    learn_python()
    environment = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")}
    return run([os.environ["UV"], *args, "--python", sys.executable], alone=True, hidden=passwords(), env=environment, **kw)


@functools.cache
def learn_python():
    """Has uv ask Python itself which one that is, once; it keeps the answer."""
    code, said = run([os.environ["UV"], "python", "find", "--quiet", sys.executable])
    if code != 0:
        fail(said)


def passwords():
    """What uv has been told and must not tell: it shows lines that it cannot read."""
    found = [v for k, v in os.environ.items() if k.startswith("UV_INDEX_") and k.endswith("_PASSWORD")]
    found += [urllib.parse.urlsplit(v).password or "" for k, v in os.environ.items() if k.upper().endswith("_PROXY")]
    return [f for f in found if len(f) > 3]


def index_table(header, index):
    lines = [header, f"name = {toml_string(index['name'])}", f"url = {toml_string(index['url'])}"]
    if index.get("default"):
        lines.append("default = true")
    return lines
