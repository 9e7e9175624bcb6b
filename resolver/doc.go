// Package resolver resolves everything outside the Deployfile and the model:
// the digest of the base image and the path of its Python, the wheels of the
// requirements, the Debian packages, and the hashes of the model's files. The
// result is the lock: pylock.toml (PEP 751) and Deployfile.lock. All requests
// go through BuildKit's gateway, so that only a builder is needed. The package
// does not know how the image is built.
//
// Promise: ParseLock and ParsePylock take untrusted bytes; they return an error and
// never panic. A lock names its version, and one of another version is an error that
// says to run deployfile lock, never a wrong build.
package resolver
