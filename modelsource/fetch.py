"""Fetches files of a model, and checks their sizes and hashes. What it is told of the
store comes by a secret, and is not shown."""

import base64
import concurrent.futures
import hashlib
import http.client
import json
import netrc
import os
import random
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

OUT = "/out"
ACCESS = "/run/secrets/model"
SECRETS = "/run/secrets/access"
FILES = "/run/files"
# How often a request is tried that may succeed the next time, and the longest wait
# between two tries, in seconds.
ATTEMPTS = 6
MAX_WAIT = 20
# How long a store may send nothing, or hardly anything, in seconds; and the bytes that are
# more than that. A store that sends one at a time would never come to an end.
SILENCE = 120
LEAST = 16 << 10
MAX_ANSWER = 1 << 20
HUB = "https://huggingface.co"
LFS = "application/vnd.git-lfs+json"
# What an answer of another form than the documented one makes of this program.
INVALID = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)
RETRIED = (408, 425, 429, 500, 502, 503, 504)


def say(message):
    """Prints what a server may have written parts of; returns what was printed."""
    message = "".join(c if c.isprintable() else "\ufffd" for c in message)
    print(message, file=sys.stderr)
    return message


def fail(message):
    message = say(message)
    with open(f"{OUT}/error.json", "w") as f:
        json.dump({"kind": "model", "message": message}, f)
    os._exit(1)


class Refused(Exception):
    """What no other try changes."""


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect without headers to another host, and none from https to http,
    where others can read and change the answer."""

    def redirect_request(self, request, response, code, message, headers, to):
        was, now = urllib.parse.urlsplit(request.full_url), urllib.parse.urlsplit(to)
        if now.scheme not in ("http", "https") or (was.scheme, now.scheme) == ("https", "http"):
            raise Refused(f"it redirects from {was.scheme} to {now.scheme}, which is not followed")
        found = super().redirect_request(request, response, code, message, headers, to)
        if found is not None and (was.scheme, was.netloc) != (now.scheme, now.netloc):
            kept = request.headers.get("Range")
            found.headers = {"User-agent": "deployfile", "Accept-encoding": "identity", **({"Range": kept} if kept else {})}
            found.unredirected_hdrs = {}
        return found


def web(authorities):
    """What opens http and https addresses, and nothing else."""
    context = ssl.create_default_context()
    for text in authorities:
        try:
            context.load_verify_locations(cadata=text)
        except (ssl.SSLError, ValueError):
            fail("a secret with certificates holds one that cannot be read")
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(context=context), Redirects(),
                    urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(), urllib.request.UnknownHandler()):
        opener.add_handler(handler)
    return opener


def read(path):
    """A secret's text, "" if it was not given."""
    try:
        with open(path, encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return ""


def plain(*texts):
    """Whether texts can be in an address or a header."""
    return all(isinstance(text, str) and text.isascii() and text.isprintable() for text in texts)


def origin(url):
    try:
        at = urllib.parse.urlsplit(url)
        return at.scheme, at.hostname, at.port or {"http": 80, "https": 443}.get(at.scheme)
    except ValueError:
        return None


def credentials(names, url):
    """The headers of the credentials among secrets, for an address. Whoever wrote the lock
    that it comes from may be a stranger: a credential goes to the server that its user
    names."""
    found = {name: read(f"{SECRETS}/{name}") for name in names}
    headers = {}
    if origin(url) != origin(found.get("HF_ENDPOINT") or HUB):
        found.pop("HF_TOKEN", None)
    if origin(url) != origin(found.get("MLFLOW_TRACKING_URI") or ""):
        given = [name for name in found if name.startswith("MLFLOW_TRACKING_") and found[name]]
        if given and "MLFLOW_TRACKING_URI" not in given:
            fail(f"the secret {given[0]} goes to the server that the secret MLFLOW_TRACKING_URI names, and to no other; give that, too")
        found = {name: text for name, text in found.items() if not name.startswith("MLFLOW_")}
    if found.get("HF_TOKEN"):
        headers["Authorization"] = "Bearer " + found["HF_TOKEN"]
    for name in names:
        if name.startswith("GIT_AUTH_TOKEN.") and found[name]:
            headers["Authorization"] = "Basic " + base64.b64encode(f"x-access-token:{found[name]}".encode()).decode()
    if found.get("netrc"):
        try:
            machines = netrc.netrc(f"{SECRETS}/netrc").hosts
        except netrc.NetrcParseError:
            fail("the secret netrc is not a netrc file")
        # Not "default": the address is the model's, and whoever wrote that may be a stranger.
        name = urllib.parse.urlsplit(url).hostname or ""
        if name in machines and name != "default":
            login, _, password = machines[name]
            headers["Authorization"] = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
    user, password = found.get("MLFLOW_TRACKING_USERNAME"), found.get("MLFLOW_TRACKING_PASSWORD")
    if user and password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    elif found.get("MLFLOW_TRACKING_TOKEN"):
        headers["Authorization"] = "Bearer " + found["MLFLOW_TRACKING_TOKEN"]
    if found.get("MLFLOW_WORKSPACE"):
        headers["X-MLFLOW-WORKSPACE"] = found["MLFLOW_WORKSPACE"]
    if not plain(*headers.values()):
        # The library's own error would show it.
        fail("a secret with a credential has a line break, or a character that no header has")
    return headers


def certificates():
    """The certificates of the secret "ca", which may hold nothing else."""
    text = read(os.environ.get("CA", "/nothing"))
    if "PRIVATE KEY-----" in text:
        fail("the secret with certificates also holds a private key; give certificates alone")
    return "\n".join(re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S))


def bucket(access):
    """The bucket that has the files, None if they are elsewhere."""
    if not access.get("bucket"):
        return None
    sys.path.insert(0, FILES)
    import buckets
    found = {name: read(f"{SECRETS}/{name}") for name in access.get("secrets") or []}
    if not plain(*found.values()):
        fail("a secret with a credential has a line break, or a character that no address has")
    try:
        return buckets.find(access["bucket"], found)
    except ValueError as e:
        fail(str(e))


class Store:
    def __init__(self, access):
        self.access = access
        self.bucket = bucket(access)
        at = next((access[k] for k in ("file", "lfs", "url") if access.get(k)), "")
        self.headers = access.get("headers") or ({} if self.bucket else credentials(access.get("secrets") or [], at))
        self.opener = web([text for text in (certificates(), access.get("ca")) if text])
        self.signs = bool(access.get("signed"))

    def open(self, url, headers, offset=0, data=None):
        if not plain(url, *headers, *headers.values()):
            raise Refused("the store names an address or a header that is not valid")
        request = urllib.request.Request(url, data=data, headers={"User-Agent": "deployfile", "Accept-Encoding": "identity", **headers})
        if offset:
            request.add_header("Range", f"bytes={offset}-")
        return self.opener.open(request, timeout=SILENCE)

    def signed(self, path):
        """A signed address of a file with its headers, None if the store signs none."""
        if not self.signs:
            return None
        try:
            with self.open(self.access["signed"] + "/" + urllib.parse.quote(path), self.headers) as r:
                found = json.loads(r.read(MAX_ANSWER))
            url, headers = found["url"], found.get("headers") or {}
        except urllib.error.HTTPError as e:
            if e.code in (400, 404, 405, 501):
                self.signs = False
                return None
            raise
        except INVALID:
            self.signs = False
            return None
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Refused("the store signs addresses that are not http or https")
        return url, {str(k): str(v) for k, v in headers.items()}

    def object(self, file):
        """The address of an object of Git LFS, and the headers that go there."""
        api = self.access["lfs"]
        kind = {"Accept": LFS, "Content-Type": LFS}
        asked = {"operation": "download", "transfers": ["basic"], "objects": [{"oid": file["sha256"], "size": file["size"]}]}
        with self.open(api + "/objects/batch", {**self.headers, **kind}, data=json.dumps(asked).encode()) as r:
            try:
                found = json.loads(r.read(MAX_ANSWER))["objects"][0]
                if "error" in found:
                    raise Refused(f"Git LFS says {int(found['error']['code'])} {str(found['error']['message'])[:200]!r}")
                action = found["actions"]["download"]
                url, headers = action["href"], {str(k): str(v) for k, v in (action.get("header") or {}).items()}
            except INVALID:
                raise Refused("it does not answer as a server of Git LFS") from None
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Refused("Git LFS names an address that is not http or https")
        if origin(url) == origin(api) and "authorization" not in map(str.lower, headers):
            headers = {**self.headers, **headers}
        return url, headers

    def where(self, file):
        """The address of a file, and the headers that go there."""
        path = file["path"]
        if self.access.get("lfs"):
            return self.object(file)
        if self.bucket:
            return self.bucket.where(path)
        url = (self.access.get("urls") or {}).get(path)
        if url:
            return url, self.headers if origin(url) == origin(self.access.get("url") or "") else {}
        if self.access.get("file"):
            return self.access["file"], self.headers
        return self.signed(path) or (self.access["url"] + "/" + urllib.parse.quote(path), self.headers)


def host(url):
    return urllib.parse.urlsplit(url).netloc.rpartition("@")[2]


def reason(e):
    """What an error says, without an address, which may be signed."""
    if isinstance(e, urllib.error.HTTPError):
        hint = {401: ": no credential was given, or a wrong one", 403: ": the credential does not allow it", 404: ": there is no such file any more"}
        return f"{e.code} {http.client.responses.get(e.code, '')}".strip() + hint.get(e.code, "")
    if isinstance(e, http.client.InvalidURL):
        return "its address is not valid"
    if isinstance(e, urllib.error.URLError):
        e = e.reason
    return str(e) or type(e).__name__


def fetch(store, file, resume=True):
    """Fetches a file. A connection that breaks is resumed where it broke, if the store
    does that."""
    path, size = file["path"], file["size"]
    to = os.path.join(OUT, path)
    os.makedirs(os.path.dirname(to), exist_ok=True)
    at, digest, tries, place = 0, hashlib.sha256(), 0, host(store.access.get("lfs") or "")
    with open(to, "wb") as out:
        while True:
            before = at
            try:
                url, headers = store.where(file)
                place = host(url)
                with store.open(url, headers, at if resume else 0) as r:
                    if at and not (r.status == 206 and (r.headers.get("Content-Range") or "").startswith(f"bytes {at}-")):
                        # The store answers with the whole file.
                        out.seek(0)
                        out.truncate()
                        at, before, digest = 0, 0, hashlib.sha256()
                    since, sent = time.monotonic(), 0
                    while chunk := r.read1(1 << 20):
                        at += len(chunk)
                        sent += len(chunk)
                        if at > size:
                            raise Refused(f"it is larger than the {size} bytes that the lock says: the model has changed; run deployfile lock")
                        digest.update(chunk)
                        out.write(chunk)
                        if time.monotonic() - since > SILENCE:
                            if sent < LEAST and at < size:
                                raise TimeoutError(f"it sends less than {LEAST} bytes in {SILENCE} seconds")
                            since, sent = time.monotonic(), 0
                if at == size:
                    break
                raise http.client.IncompleteRead(b"", size - at)
            except urllib.error.HTTPError as e:
                failed, again = e, e.code in RETRIED or bool(store.bucket and store.bucket.learns(path, e))
                wait = e.headers.get("Retry-After") or ""
            except Refused as e:
                fail(f"{path}: {place}: {e}")
            except http.client.IncompleteRead:
                failed, again, wait = ConnectionError(f"the connection ended after {at} of {size} bytes"), True, ""
            except (ssl.SSLCertVerificationError, http.client.InvalidURL) as e:
                failed, again, wait = e, False, ""
            except (OSError, http.client.HTTPException) as e:
                failed, wait = e, ""
                again = not isinstance(getattr(e, "reason", None), ssl.SSLCertVerificationError)
            except INVALID:
                fail(f"{path}: {place or 'the store'}: its answer is not valid")
            # Each try that gets on is the first of a new row.
            tries = 1 if at >= before + LEAST else tries + 1
            if not again or tries >= ATTEMPTS:
                what = reason(failed)
                if isinstance(getattr(failed, "reason", failed), ssl.SSLCertVerificationError):
                    what += ": give the authority by SSL_CERT_FILE, or by the secret ca"
                elif store.bucket and store.bucket.wants and getattr(failed, "code", 0) in (401, 403, 404, 409):
                    what += "; " + store.bucket.wants
                fail(f"{path}: {place or 'the store'}: {what}")
            say(f"{path}: {reason(failed)}; trying again")
            time.sleep(min(MAX_WAIT, int(wait) if re.fullmatch("[0-9]{1,4}", wait) else 0.5 * 2 ** tries) * random.uniform(0.8, 1.2))
    if digest.hexdigest() != file["sha256"]:
        if resume:
            # A file that changed between two parts.
            return fetch(store, file, resume=False)
        fail(f"{path}: {place} has other contents than the lock: its sha256 is {digest.hexdigest()}, the lock says {file['sha256']}; "
             "if the model was changed on purpose, run deployfile lock --upgrade")
    os.chmod(to, 0o644)


def main():
    with open(sys.argv[1]) as f:
        files = json.load(f)
    text = read(ACCESS) or (sys.argv[2] if len(sys.argv) > 2 else "")
    if not text:
        fail("the build has no secret deployfile-model, which says where the model's files are")
    access = json.loads(text)
    store = Store(access)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(fetch, store, f) for f in files]:
            done.result()


main()
