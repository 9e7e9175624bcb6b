package sbom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDpkgStatus(t *testing.T) {
	tests := []struct {
		name, status string
		want         []DebianPackage
	}{
		{"empty", "", nil},
		{"installed, removed, broken lines", `Package: zlib1g
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: same
Version: 1:1.2.13.dfsg-1
Description: compression library
 zlib is a library.
 .
 Package: not-this-one

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
Conffiles:
 /etc/gone 0123456789abcdef

Package: half
Status: install ok half-installed
Version: 1
Architecture: all


Package: adduser
Status: install ok installed
Version: 3.134
Architecture: all
`, []DebianPackage{{"adduser", "3.134", "all"}, {"zlib1g", "1:1.2.13.dfsg-1", "amd64"}}},
		{"status.d, no last line ending", "Package: tzdata\nVersion: 2026a-0\nArchitecture: all\n\nPackage: base-files\nVersion: 12.4\nArchitecture: amd64",
			[]DebianPackage{{"base-files", "12.4", "amd64"}, {"tzdata", "2026a-0", "all"}}},
		{"the same twice", "Package: a\nVersion: 1\n\nPackage: a\nVersion: 1\n", []DebianPackage{{"a", "1", ""}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseDpkgStatus([]byte(test.status))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got, err := ParseDpkgStatus([]byte("no status\n")); err == nil {
		t.Errorf("of what is no status file: %v", got)
	}
}

func TestReadLicense(t *testing.T) {
	tests := []struct {
		name, metadata string
		want           License
	}{
		{"expression", "Metadata-Version: 2.4\nLicense-Expression: MIT OR Apache-2.0\nLicense: other\n\nText", License{Expression: "MIT OR Apache-2.0"}},
		{"no expression", "License-Expression: MIT\", \"x\": \"\n\n", License{Text: `MIT", "x": "`}},
		{"name", "License: BSD 3-Clause\n\n", License{Expression: "BSD-3-Clause"}},
		{"ambiguous name", "License: BSD\nClassifier: License :: OSI Approved :: BSD License\n", License{Text: "BSD"}},
		{"classifier", "License: UNKNOWN\nClassifier: Programming Language :: Python\nClassifier: License :: OSI Approved :: MIT License\n", License{Expression: "MIT"}},
		{"classifier above", "Classifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: ISC License (ISCL)\n", License{Expression: "ISC"}},
		{"two classifiers", "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: Apache Software License\n",
			License{Text: "MIT License; Apache Software License"}},
		{"whole text", "License: Copyright (c)\n        Permission is hereby granted, free of charge, to any person obtaining a copy of this software and\n        so on\nClassifier: License :: OSI Approved :: MIT License\n",
			License{Expression: "MIT"}},
		{"in the body", "Name: x\n\nLicense: MIT\n", License{}},
		{"none", "Name: x\n", License{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadLicense([]byte(test.metadata))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got, err := ReadLicense([]byte("\x00\x01\n")); err == nil {
		t.Errorf("of what is no METADATA: %v", got)
	}
}

func TestPublicURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://files.example.com/a%2bb.whl#sha256=1": "https://files.example.com/a%2bb.whl",
		"https://me:pass@files.example.com/a?sig=x":    "https://files.example.com/a",
		"https://token@files.example.com/a":            "https://files.example.com/a",
		"ssh://git:pass@git.example.com/a.git":         "ssh://git@git.example.com/a.git",
		"git@git.example.com:a.git":                    "",
		"%zz":                                          "",
		"":                                             "",
	} {
		if got := publicURL(text); got != want {
			t.Errorf("publicURL(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzParseDpkgStatus returns packages in the order of their names, each once.
func FuzzParseDpkgStatus(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\nPackage: b\nVersion: 2\n"))
	f.Add([]byte("Package: a\n b\n\n\n: x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		packages, err := ParseDpkgStatus(data)
		if err != nil {
			return
		}
		for i, p := range packages {
			if p.Name == "" || p.Version == "" || i > 0 && packages[i-1] == p || i > 0 && packages[i-1].Name > p.Name {
				t.Errorf("%v", packages)
			}
		}
	})
}

// FuzzReadLicense returns an expression or a text, on one line.
func FuzzReadLicense(f *testing.F) {
	f.Add([]byte("Metadata-Version: 2.4\nLicense-Expression: MIT\n\nText\n"))
	f.Add([]byte("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ReadLicense(data)
		if err != nil {
			return
		}
		if l.Expression != "" && l.Text != "" || strings.Contains(l.Expression+l.Text, "\n") {
			t.Errorf("%+v", l)
		}
	})
}
