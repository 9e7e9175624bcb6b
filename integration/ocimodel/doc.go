// Package ocimodel tests models in registries: pushed, pulled and built from, with a
// real registry and a real BuildKit.
package ocimodel
