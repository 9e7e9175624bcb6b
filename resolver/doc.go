// Package resolver answers every question whose answer is outside of the
// Deployfile and the model: which digest the base image has and where its
// Python is, which wheels the requirements come to, which Debian packages,
// which bytes the model's files have. Its answers are the lock: pylock.toml
// (PEP 751) and Deployfile.lock. It asks through BuildKit's gateway, so that
// nothing but a builder is needed, and knows nothing of the image.
package resolver
