// Package docs tests that README and the pages of docs are true; TestEveryPageIsKnown
// lists which test reads which. The blocks of shell of each page are run in their order, as a reader copies them,
// with a real builder and registry, a node of Kubernetes and its containerd, and
// a Docker engine; blocks of TOML are rendered, and objects in YAML are what the
// pages' commands are allowed to do.
package docs
