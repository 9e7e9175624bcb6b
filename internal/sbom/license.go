package sbom

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"regexp"
	"strings"
)

// License is a package's declared licence. At most one field is set.
type License struct {
	// Expression is an SPDX licence expression.
	Expression string
	// Text is the licence as the package states it, on one line.
	Text string
}

// expressionPattern matches the characters of an SPDX licence expression (SPDX
// 2.3, annex D).
var expressionPattern = regexp.MustCompile(`^[A-Za-z0-9.+:() -]+$`)

// ReadLicense reads a wheel's METADATA (PEP 566 and 639): License-Expression,
// else License and the licence classifiers. It returns an SPDX expression if
// they identify one licence.
func ReadLicense(metadata []byte) (License, error) {
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(metadata))).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return License{}, fmt.Errorf("METADATA: %w", err)
	}
	if e := strings.TrimSpace(header.Get("License-Expression")); expressionPattern.MatchString(e) {
		return License{Expression: e}, nil
	} else if e != "" {
		return License{Text: e}, nil
	}
	// Some packages put the whole text of the licence there.
	text := strings.TrimSpace(header.Get("License"))
	if len(text) > 100 || strings.EqualFold(text, "unknown") {
		text = ""
	}
	if e := expression(text); e != "" {
		return License{Expression: e}, nil
	}
	var named []string
	for _, c := range header.Values("Classifier") {
		parts := strings.Split(c, " :: ")
		if last := strings.TrimSpace(parts[len(parts)-1]); parts[0] == "License" && last != "OSI Approved" {
			named = append(named, last)
		}
	}
	if len(named) == 1 {
		if e := expression(named[0]); e != "" {
			return License{Expression: e}, nil
		}
	}
	if text == "" {
		text = strings.Join(named, "; ")
	}
	return License{Text: text}, nil
}

// expression returns the SPDX identifier of a licence's common name, "" if the
// name is ambiguous, such as "BSD".
func expression(text string) string {
	switch strings.ToLower(strings.TrimSuffix(text, ".")) {
	case "mit", "mit license", "the mit license", "mit licence", "expat", "mit license (mit)":
		return "MIT"
	case "apache-2.0", "apache 2.0", "apache 2", "apache license 2.0", "apache license, version 2.0",
		"apache license version 2.0", "apache software license 2.0", "apache2":
		return "Apache-2.0"
	case "bsd-3-clause", "bsd 3-clause", "bsd 3-clause license", "3-clause bsd", "3-clause bsd license",
		"new bsd", "new bsd license", "modified bsd license", "bsd-3":
		return "BSD-3-Clause"
	case "bsd-2-clause", "bsd 2-clause", "bsd 2-clause license", "2-clause bsd", "simplified bsd license":
		return "BSD-2-Clause"
	case "isc", "isc license", "isc license (iscl)":
		return "ISC"
	case "mpl-2.0", "mpl 2.0", "mozilla public license 2.0 (mpl 2.0)":
		return "MPL-2.0"
	case "psf-2.0":
		return "PSF-2.0"
	case "the unlicense (unlicense)", "unlicense":
		return "Unlicense"
	case "zlib", "zlib/libpng license":
		return "Zlib"
	case "mit-cmu", "hpnd", "0bsd":
		return strings.ToUpper(text)
	case "gnu general public license v3 (gplv3)":
		return "GPL-3.0-only"
	case "gnu general public license v3 or later (gplv3+)":
		return "GPL-3.0-or-later"
	case "gnu lesser general public license v3 (lgplv3)":
		return "LGPL-3.0-only"
	case "gnu lesser general public license v3 or later (lgplv3+)":
		return "LGPL-3.0-or-later"
	}
	return ""
}

// references returns the licences of an expression that are not on SPDX's list.
func references(expression string) []string {
	return regexp.MustCompile(`LicenseRef-[A-Za-z0-9.-]+`).FindAllString(expression, -1)
}
