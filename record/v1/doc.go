// Package v1 is version 1 of the format in which a target stores a revision:
// what was deployed, by whom and when, so that any machine can list, compare
// and roll back without a state file of its own. The format is independent of
// the types that a Deployfile is decoded into: renaming a key of the grammar
// does not orphan what is deployed. Records that were written before the
// format had a version are read, too, and are replaced by the next deployment.
//
// The package promises that what it encodes, every later version of deployfile
// decodes. New members are optional.
package v1
