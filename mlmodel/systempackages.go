package mlmodel

import (
	"fmt"
	"slices"
	"strings"
)

// JavaOptions is the variable by which every Java virtual machine takes options, the
// last of several that contradict each other.
const JavaOptions = "JAVA_TOOL_OPTIONS"

// javaHome is where Debian's default-jre-headless has its Java.
const javaHome = "/usr/lib/jvm/default-java"

// SystemPackage is a Debian package that a model implies: what it is served with
// lacks something beside Python.
type SystemPackage struct {
	// Name is the package, as apt knows it.
	Name string
	// Reason says why, as the rest of a sentence: "the lightgbm flavor needs it".
	Reason string
	// Env are variables by which the package is found, such as JAVA_HOME; nil for
	// most.
	Env map[string]string
	// NamedUser says that what the package runs asks the system for its user's name and
	// fails if there is none.
	NamedUser bool
	// File and Line are what implies it; Line is 0 if that is no line.
	File string
	Line int
}

// ImpliedPackages returns the packages that the model implies and that are not among
// the named ones, which may be "name=version".
func (m *Model) ImpliedPackages(named []string) []SystemPackage {
	return slices.DeleteFunc(slices.Clone(m.SystemPackages), func(p SystemPackage) bool {
		return slices.ContainsFunc(named, func(n string) bool {
			name, _, _ := strings.Cut(n, "=")
			return name == p.Name
		})
	})
}

// addSystemPackage adds a package that the model implies, unless it is there.
func (m *Model) addSystemPackage(p SystemPackage) {
	if !slices.ContainsFunc(m.SystemPackages, func(q SystemPackage) bool { return q.Name == p.Name }) {
		m.SystemPackages = append(m.SystemPackages, p)
	}
}

// need is what flavors and distributions need beside Python.
type need struct {
	// flavors are names of MLmodel's, distributions normalised names of
	// requirements. Either implies the packages.
	flavors, distributions []string
	packages               []string
	env                    map[string]string
	namedUser              bool
}

// needs is the table of what flavors and distributions need beside Python. MLflow
// has the first two rows for its own images (JAVA_FLAVORS and
// FLAVOR_SPECIFIC_APT_PACKAGES in mlflow/pyfunc/backend.py). The others, and what is
// not here, are by the libraries that the newest wheels for Linux link to and do not
// contain: those of the other flavors need no more than any Debian with Python has.
//
// A row names a distribution only if it cannot be imported without the packages:
// pyspark, say, is among the requirements of many models that start no Java.
func needs() []need {
	return []need{
		{
			flavors: []string{"lightgbm", "paddle"}, distributions: []string{"lightgbm", "paddlepaddle", "paddlepaddle-gpu"},
			packages: []string{"libgomp1"},
		},
		{
			flavors:  []string{"h2o"},
			packages: []string{"default-jre-headless"},
			env:      map[string]string{"JAVA_HOME": javaHome, JavaOptions: "-Duser.home=/tmp"},
		},
		{
			flavors:  []string{"johnsnowlabs", "spark"},
			packages: []string{"default-jre-headless"},
			// Java reads the home directory from /etc/passwd, where the image's user may not
			// be, and Spark refuses to start with the home "?". It looks its host's own name
			// up, which a container without a network may not find, and shows a page about
			// its jobs on every address of the host, unless it is told its address.
			env: map[string]string{"JAVA_HOME": javaHome, JavaOptions: "-Duser.home=/tmp", "SPARK_LOCAL_IP": "127.0.0.1"},
			// Hadoop's login is by the name of the system's user.
			namedUser: true,
		},
		{
			distributions: []string{"opencv-python", "opencv-contrib-python"},
			packages:      []string{"libgl1", "libglib2.0-0", "libsm6", "libxext6"},
		},
	}
}

// readNeeds adds the packages that the model's flavors and requirements imply.
func (m *Model) readNeeds() {
	for _, n := range needs() {
		var reason, file string
		line := 0
		for _, f := range m.Flavors {
			if reason == "" && slices.Contains(n.flavors, f) {
				reason, file = fmt.Sprintf("the %s flavor needs it", f), m.Files[0]
			}
		}
		for _, r := range m.Requirements {
			if reason == "" && slices.Contains(n.distributions, r.Name) {
				reason, file, line = fmt.Sprintf("the requirement %s needs it", r.Name), r.File, r.Line
			}
		}
		if reason == "" {
			continue
		}
		for _, name := range n.packages {
			m.addSystemPackage(SystemPackage{Name: name, Reason: reason, Env: n.env, NamedUser: n.namedUser, File: file, Line: line})
		}
	}
}
