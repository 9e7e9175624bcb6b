// Package lab is what the integration tests work with: the parts that the
// machine was set up with, builders and registries with an empty state, package
// indexes on the loopback, projects to build, images of a single program, and
// requests at a constant pace. It is for tests alone.
package lab

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"testing"
)

// Parts are what hack/with-env.sh has made before the tests run.
type Parts struct {
	// Base and Toolchain are directories with an OCI image layout each.
	Base, Toolchain string
	// Python is an interpreter with MLflow and what the examples need.
	Python string
}

// FindParts reads the environment that hack/with-env.sh sets; test is the
// package, for the error that says how to run it.
func FindParts(test string) (Parts, error) {
	var p Parts
	for name, value := range map[string]*string{
		"DEPLOYFILE_TEST_BASE":      &p.Base,
		"DEPLOYFILE_TEST_TOOLCHAIN": &p.Toolchain,
		"DEPLOYFILE_TEST_PYTHON":    &p.Python,
	} {
		if *value = os.Getenv(name); *value == "" {
			return p, fmt.Errorf("%s is not set: run make test, or hack/with-env.sh go test %s", name, test)
		}
	}
	return p, nil
}

// Main is a TestMain whose run returns, so that what it puts off is done.
func Main(m *testing.M, run func(*testing.M) (code int, err error)) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// BuilderVariable is the environment variable with the address of a builder that all
// tests use: whoever writes a test may keep a warm one.
const BuilderVariable = "DEPLOYFILE_TEST_BUILDER"

// Builder returns the address of the builder that all tests use, "" if each package
// starts its own.
func Builder() string { return os.Getenv(BuilderVariable) }

// FaultsVariable is the environment variable that `make conformance` sets to "all".
const FaultsVariable = "DEPLOYFILE_TEST_FAULTS"

// AllFaults reports whether kinds of targets are to be tried with every fault at every
// step, which takes hours, and not only with those that they can answer in a way of
// their own.
func AllFaults() bool { return os.Getenv(FaultsVariable) == "all" }

// Contexts returns the named build contexts that stand in for images of a registry.
func (p Parts) Contexts() map[string]string {
	return map[string]string{
		"base":      "oci-layout://" + p.Base,
		"toolchain": "oci-layout://" + p.Toolchain,
	}
}

// BuildContexts returns the flags that give a command these named build contexts, of
// deployfile and of buildx alike.
func BuildContexts(contexts map[string]string) (flags []string) {
	for _, name := range slices.Sorted(maps.Keys(contexts)) {
		flags = append(flags, "--build-context", name+"="+contexts[name])
	}
	return flags
}

// FreePort returns a TCP port of the loopback that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// OwnAddress returns an IPv4 address of this machine that is not on its loopback.
func OwnAddress() (string, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String(), nil
		}
	}
	return "", errors.New("this machine has no address beside the loopback")
}
