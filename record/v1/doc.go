// Package v1 is version 1 of the format in which a target stores a revision:
// what was deployed, by whom and when, so that any machine can list, compare
// and roll back without a state file of its own. The format is independent of
// the types that a Deployfile is decoded into: renaming a key of the grammar
// does not orphan what is deployed.
//
// Every kind of target stores the same JSON: in labels of a container, an artifact
// of a registry or a ControllerRevision. Two formats from before the format had a
// version are read, too: with the keys of all kinds under the names of Go fields,
// and with those of the target's kind under their names in a Deployfile. A new
// revision is always written in this format.
//
// Promise: what this package encodes, every later version of deployfile
// decodes. New members are optional.
package v1
