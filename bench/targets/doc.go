// Package targets measures what the command line does for a Deployfile of many
// targets, on a real API server, against kubectl with the same manifests.
package targets
