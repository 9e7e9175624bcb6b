// Package untrusted reads untrusted input: the files of a project, a model and
// a lock, the results of build steps, and the records of registries and
// clusters. It reads only regular files inside their directory, and checks
// their size first. It counts the structure of TOML and YAML before their
// parsers run, and a signal ends the wait for a read. docs/limits.md lists the
// limits of all readers.
package untrusted
