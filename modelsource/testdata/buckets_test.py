"""Compares signatures of buckets.py with botocore's, and says where else it leads."""

import datetime
import pathlib
import sys
import unittest
import urllib.error

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import buckets  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cr3t"}


def s3(secrets, revisions=None):
    return buckets.find({"scheme": "s3", "name": "my.models", "prefix": "team/my model/", "revisions": revisions}, secrets)


def refused(code, **headers):
    return urllib.error.HTTPError("", code, "", headers, None)


class TestS3(unittest.TestCase):
    def test_signature(self):
        for token in ("", "t0ken"):
            for revisions in (None, {"a+b é.bin": "v/1+x"}):
                secrets = {**KEYS, "AWS_SESSION_TOKEN": token, "AWS_REGION": "eu-west-1"}
                buckets.now = lambda: datetime.datetime.now(datetime.timezone.utc)
                url, headers = s3(secrets, revisions).where("a+b é.bin")
                want = botocore.awsrequest.AWSRequest("GET", url)
                want.context["client_config"] = botocore.config.Config(s3={"payload_signing_enabled": False})
                botocore.auth.S3SigV4Auth(botocore.credentials.Credentials("AKID", "s3cr3t", token or None), "s3", "eu-west-1").add_auth(want)
                at = datetime.datetime.strptime(want.context["timestamp"], "%Y%m%dT%H%M%SZ")
                buckets.now = lambda: at
                url, headers = s3(secrets, revisions).where("a+b é.bin")
                self.assertEqual({k.lower(): v for k, v in want.headers.items()}, {k.lower(): v for k, v in headers.items()})

    def test_place(self):
        for secrets, place in (
            ({}, "https://s3.us-east-1.amazonaws.com/"),
            ({"AWS_DEFAULT_REGION": "cn-north-1"}, "https://s3.cn-north-1.amazonaws.com.cn/"),
            ({"AWS_ENDPOINT_URL": "http://store:9000/s3/"}, "http://store:9000/s3/"),
        ):
            url, headers = s3(secrets).where("MLmodel")
            self.assertEqual(url, place + "my.models/team/my%20model/MLmodel")
            self.assertEqual(headers, {})

    def test_learns(self):
        bucket = s3(KEYS, {"x": "1"})
        self.assertTrue(bucket.learns("x", refused(301, **{"x-amz-bucket-region": "eu-west-1"})))
        self.assertIn("eu-west-1", bucket.where("x")[0])
        self.assertFalse(bucket.learns("x", refused(301, **{"x-amz-bucket-region": "eu-west-1"})))
        self.assertFalse(bucket.learns("x", refused(301, **{"x-amz-bucket-region": "x.example.com/"})))
        self.assertTrue(bucket.learns("x", refused(404)))
        self.assertNotIn("versionId", bucket.where("x")[0])
        self.assertFalse(bucket.learns("x", refused(404)))

    def test_refused(self):
        for secrets in ({"AWS_ACCESS_KEY_ID": "x"}, {"AWS_REGION": "x.example.com/"}, {"AWS_ENDPOINT_URL": "file:///etc"}, {"AWS_ENDPOINT_URL": "https://me@x"}):
            with self.assertRaises(ValueError):
                s3(secrets)


class TestGoogle(unittest.TestCase):
    def find(self, **secrets):
        return buckets.find({"scheme": "gs", "name": "models", "prefix": "a/", "revisions": {"b c": "7"}}, secrets)

    def test_token(self):
        url, headers = self.find(CLOUDSDK_AUTH_ACCESS_TOKEN="t").where("b c")
        self.assertEqual(url, "https://storage.googleapis.com/storage/v1/b/models/o/a%2Fb%20c?alt=media&generation=7")
        self.assertEqual(headers["Authorization"], "Bearer t")

    def test_emulator(self):
        _, headers = self.find(CLOUDSDK_AUTH_ACCESS_TOKEN="t", STORAGE_EMULATOR_HOST="store:1").where("b c")
        self.assertNotIn("Authorization", headers)


class TestAzure(unittest.TestCase):
    def find(self, connection):
        bucket = {"scheme": "azure", "account": "mine", "cloud": "core.windows.net", "name": "models"}
        return buckets.find(bucket, {"AZURE_STORAGE_CONNECTION_STRING": connection} if connection else {})

    def test_place(self):
        for connection, url in (
            ("", "https://mine.blob.core.windows.net/models/x"),
            ("AccountName=mine;SharedAccessSignature=?sv=1&sig=a%3D", "https://mine.blob.core.windows.net/models/x?sv=1&sig=a%3D"),
            ("BlobEndpoint=https://store/mine/;SharedAccessSignature=sig=a", "https://store/mine/models/x?sig=a"),
        ):
            self.assertEqual(self.find(connection).where("x")[0], url)

    def test_refused(self):
        for connection in ("AccountName=yours;AccountKey=aaaa", "AccountKey=aaaa", "SharedAccessSignature=sig=a", "AccountName=mine;AccountKey=%"):
            with self.assertRaises(ValueError):
                self.find(connection)


unittest.main()
