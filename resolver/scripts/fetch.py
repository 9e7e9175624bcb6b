"""Fetches a file that needs a credential, and checks its hash."""

import base64
import hashlib
import ssl
import urllib.error
import urllib.request


def main():
    trust()
    url, name, digest, secret = sys.argv[1:5]
    request = urllib.request.Request(url, headers={"User-Agent": "deployfile"})
    if os.path.exists(secret):
        with open(secret) as f:
            user, _, password = f.read().strip().rpartition(":")
        token = base64.b64encode(f"{user or '__token__'}:{password}".encode()).decode()
        # Unredirected: the credential is for the index, not for its storage.
        request.add_unredirected_header("Authorization", "Basic " + token)
    found = hashlib.sha256()
    try:
        context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
        with urllib.request.urlopen(request, timeout=60, context=context) as r, open(f"{OUT}/{name}", "wb") as out:
            while chunk := r.read(1 << 20):
                found.update(chunk)
                out.write(chunk)
    except urllib.error.HTTPError as e:
        fail(f"{url}: {e.code} {e.reason}", "index")
    except OSError as e:
        fail(f"{url}: {e}", "index")
    if found.hexdigest() != digest:
        fail(f"{url}: its sha256 is {found.hexdigest()}, but the lock says {digest}", "digest")


main()
