"""Fetches a file that wants a credential or comes from a mirror, by its hash."""

import hashlib


def in_mirror(index, project, name, secret):
    """The address of a file in another index."""
    for url, found, _ in project_files(index, project, secret):
        if found == name:
            return url
    fail(f"{index}: the index has no {name}", "index")


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    url, name = request["url"], request["filename"]
    secret = request["secret"]
    found, size, limit = hashlib.sha256(), 0, request["size"] or MAX_FILE
    try:
        if request["mirror"]:
            url = in_mirror(request["mirror"], request["project"], name, secret)
            # A page may link to another host, which is to learn no credential.
            secret = secret_for(url, [{"url": request["mirror"], "secret": secret}])
        with get(url, secret) as r, open(f"{OUT}/{name}", "wb") as out:
            while chunk := r.read(1 << 20):
                size += len(chunk)
                if size > limit:
                    fail(f"{url}: it is larger than {limit} bytes" + (", which the lock says" if request["size"] else ""), "digest")
                found.update(chunk)
                out.write(chunk)
    except urllib.error.HTTPError as e:
        fail(f"{url}: {e.code} {e.reason}", "index", refusals=[refusal(url, e.code, name, secret)])
    except OSError as e:
        fail(f"{url}: {e}", "index")
    if found.hexdigest() != request["sha256"]:
        fail(f"{url}: its sha256 is {found.hexdigest()}, but the lock says {request['sha256']}", "digest")


main()
