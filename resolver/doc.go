// Package resolver resolves everything outside the Deployfile and the model:
// the digest of the base image and the path of its Python, the wheels of the
// requirements, the Debian packages, and the hashes of the model's files. The
// result is the lock: pylock.toml (PEP 751) and Deployfile.lock. All requests
// go through BuildKit's gateway, so that only a builder is needed. The package
// does not know how the image is built.
package resolver
