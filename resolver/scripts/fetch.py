"""Fetches a file that wants a credential or comes from a mirror, by its hash."""

import base64
import hashlib
import html.parser
import ssl
import urllib.error
import urllib.request


class Links(html.parser.HTMLParser):
    """The links of a simple index page (PEP 503)."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def get(url, secret):
    request = urllib.request.Request(url, headers={"User-Agent": "deployfile"})
    found = credential(secret, url)
    if found:
        token = base64.b64encode(":".join(found).encode()).decode()
        # Unredirected: the credential is for the index, not for its storage.
        request.add_unredirected_header("Authorization", "Basic " + token)
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
    return urllib.request.urlopen(request, timeout=60, context=context)


def in_mirror(index, project, name, secret):
    """The address of a file in another index."""
    page = f"{index.rstrip('/')}/{project}/"
    with get(page, secret) as r:
        links = Links()
        links.feed(r.read().decode())
        page = r.url
    for link in links.found:
        url = urllib.parse.urljoin(page, link).partition("#")[0]
        if urllib.parse.unquote(url.rsplit("/", 1)[-1]) == name:
            return url
    fail(f"{page}: the index has no {name}", "index")


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    url, name = request["url"], request["filename"]
    found = hashlib.sha256()
    try:
        if request["mirror"]:
            url = request["mirror"]
            url = in_mirror(url, request["project"], name, request["secret"])
        with get(url, request["secret"]) as r, open(f"{OUT}/{name}", "wb") as out:
            while chunk := r.read(1 << 20):
                found.update(chunk)
                out.write(chunk)
    except urllib.error.HTTPError as e:
        fail(f"{url}: {e.code} {e.reason}", "index")
    except OSError as e:
        fail(f"{url}: {e}", "index")
    if found.hexdigest() != request["sha256"]:
        fail(f"{url}: its sha256 is {found.hexdigest()}, but the lock says {request['sha256']}", "digest")


main()
