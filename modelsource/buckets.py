"""Addresses of objects in buckets of clouds, with the credentials of the build's secrets,
which have the names of the vendors' own variables."""

import base64
import datetime
import hashlib
import hmac
import re
import urllib.parse

quote = urllib.parse.quote


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def address(text, name):
    """An address that a secret gives, without a slash at its end."""
    at = urllib.parse.urlsplit(text)
    if at.scheme not in ("http", "https") or not at.hostname or at.username or at.query or at.fragment:
        raise ValueError(f"the secret {name} is not an http or https address")
    return text.rstrip("/")


class Bucket:
    """A directory of a bucket."""

    # What to give if there is no credential.
    wants = ""

    def __init__(self, bucket):
        self.name = bucket["name"]
        self.prefix = bucket.get("prefix", "")
        self.revisions = bucket.get("revisions") or {}

    def learns(self, path, error):
        """Whether an error says what makes the next try another one."""
        # The store no longer keeps a revision. What it has now may have the same contents.
        return error.code == 404 and self.revisions.pop(path, None) is not None


class S3(Bucket):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""

    def __init__(self, bucket, secrets):
        super().__init__(bucket)
        self.id, self.key, self.token = (secrets.get(n, "") for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
        if bool(self.id) != bool(self.key):
            raise ValueError("of the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, one is missing")
        self.region = secrets.get("AWS_REGION") or secrets.get("AWS_DEFAULT_REGION") or "us-east-1"
        if not re.fullmatch("[a-z0-9-]{1,40}", self.region):
            raise ValueError("the secret AWS_REGION is not a region")
        self.endpoint = ""
        for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
            if not self.endpoint and secrets.get(name):
                self.endpoint = address(secrets[name], name)
        if not self.id:
            self.wants = "give the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

    def where(self, path):
        china = ".cn" if self.region.startswith("cn-") else ""
        base = self.endpoint or f"https://s3.{self.region}.amazonaws.com{china}"
        at = urllib.parse.urlsplit(base)
        resource = f"{at.path}/{self.name}/{quote(self.prefix + path)}"
        revision = self.revisions.get(path)
        query = f"versionId={quote(revision, safe='')}" if revision else ""
        url = f"{at.scheme}://{at.netloc}{resource}" + (f"?{query}" if query else "")
        return url, self.sign(at.netloc, resource, query) if self.id else {}

    def sign(self, host, resource, query):
        time = now().strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": time}
        if self.token:
            headers["x-amz-security-token"] = self.token
        names = ";".join(headers)
        request = "\n".join(["GET", resource, query, *(f"{k}:{v}" for k, v in headers.items()), "", names, "UNSIGNED-PAYLOAD"])
        scope = f"{time[:8]}/{self.region}/s3/aws4_request"
        key = f"AWS4{self.key}".encode()
        for part in scope.split("/"):
            key = mac(key, part)
        signature = mac(key, "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(request.encode()).hexdigest()])).hex()
        del headers["host"]
        return {**headers, "Authorization": f"AWS4-HMAC-SHA256 Credential={self.id}/{scope}, SignedHeaders={names}, Signature={signature}"}

    def learns(self, path, error):
        region = error.headers.get("x-amz-bucket-region") or ""
        if self.endpoint or region == self.region or not re.fullmatch("[a-z0-9-]{1,40}", region):
            return super().learns(path, error)
        self.region = region
        return True


class Google(Bucket):
    """https://cloud.google.com/storage/docs/json_api/v1/objects/get"""

    def __init__(self, bucket, secrets):
        super().__init__(bucket)
        self.token = secrets.get("CLOUDSDK_AUTH_ACCESS_TOKEN", "")
        self.endpoint = "https://storage.googleapis.com"
        if emulator := secrets.get("STORAGE_EMULATOR_HOST"):
            # It gets no credential, as with Google's own libraries.
            self.endpoint = address(emulator if "://" in emulator else f"http://{emulator}", "STORAGE_EMULATOR_HOST")
            self.token = ""
        elif not self.token:
            self.wants = "give the secret CLOUDSDK_AUTH_ACCESS_TOKEN, which gcloud auth print-access-token prints"

    def where(self, path):
        query = "alt=media"
        if revision := self.revisions.get(path):
            query += f"&generation={quote(revision, safe='')}"
        url = f"{self.endpoint}/storage/v1/b/{quote(self.name, safe='')}/o/{quote(self.prefix + path, safe='')}?{query}"
        # A file that was stored compressed stays so.
        headers = {"Accept-Encoding": "gzip"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return url, headers


class Azure(Bucket):
    """https://learn.microsoft.com/rest/api/storageservices/create-service-sas"""

    VERSION = "2022-11-02"

    def __init__(self, bucket, secrets):
        super().__init__(bucket)
        self.account = bucket["account"]
        self.endpoint = f"https://{self.account}.blob.{bucket['cloud']}"
        text = secrets.get("AZURE_STORAGE_CONNECTION_STRING", "")
        given = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
        self.key, self.sas = given.get("AccountKey", ""), given.get("SharedAccessSignature", "").lstrip("?")
        if not text:
            self.wants = "give the secret AZURE_STORAGE_CONNECTION_STRING"
            return
        # A lock may name another account, whose owner would get what is signed.
        if given.get("AccountName") and given["AccountName"] != self.account:
            raise ValueError(f"the secret AZURE_STORAGE_CONNECTION_STRING is of another account than {self.account}")
        if endpoint := given.get("BlobEndpoint"):
            self.endpoint = address(endpoint, "AZURE_STORAGE_CONNECTION_STRING")
        elif not given.get("AccountName"):
            raise ValueError("the secret AZURE_STORAGE_CONNECTION_STRING has neither AccountName nor BlobEndpoint")
        try:
            self.key = base64.b64decode(self.key, validate=True)
        except ValueError:
            raise ValueError("AccountKey of the secret AZURE_STORAGE_CONNECTION_STRING is not base64") from None

    def where(self, path):
        url = f"{self.endpoint}/{self.name}/{quote(self.prefix + path)}"
        query = [f"versionid={quote(revision, safe='')}"] if (revision := self.revisions.get(path)) else []
        if self.key:
            query.append(self.sign())
        elif self.sas:
            query.append(self.sas)
        return url + ("?" + "&".join(query) if query else ""), {"x-ms-version": self.VERSION}

    def sign(self):
        """A signature by which the container's blobs may be read for a day."""
        until = (now() + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = {"sp": "r", "st": "", "se": until, "resource": f"/blob/{self.account}/{self.name}", "si": "", "sip": "", "spr": "", "sv": self.VERSION, "sr": "c"}
        # Neither a snapshot, nor a scope of encryption, nor five headers of the answer.
        signature = base64.b64encode(mac(self.key, "\n".join([*fields.values(), *[""] * 7]))).decode()
        return urllib.parse.urlencode({"sv": self.VERSION, "sr": "c", "sp": "r", "se": until, "sig": signature})


def find(bucket, secrets):
    """The bucket that an access names. A ValueError says which secret is wrong."""
    return {"s3": S3, "gs": Google, "azure": Azure}[bucket["scheme"]](bucket, secrets)
