// Package untrusted reads what others wrote: the files of a project, a model and
// a lock, what a step of a build answers, and the records of registries and
// clusters. What it reads is a regular file inside its folder and no larger than
// its reader says, which is found out before it is read; the structure of TOML and
// YAML is counted before their parsers see it; and a signal ends the waiting for
// it. docs/limits.md lists the limits of all readers.
package untrusted
