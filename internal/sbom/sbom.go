// Package sbom writes SBOMs of an image in SPDX 2.3 and CycloneDX 1.6: its
// Python and Debian packages, its base and its model. It takes them from the
// plan and the lock and scans nothing. It is pure: the same input gives the
// same bytes.
package sbom

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/google/uuid"
)

// Input is the input of an SBOM.
type Input struct {
	// Plan is the image's plan.
	Plan *llb.Plan
	// Model is the model's metadata; nil if unknown.
	Model *mlmodel.Model
	// Origin is what the model's source stands for; nil for a directory.
	Origin *modelsource.Pin
	// Name and Version are the model's; Version may be "".
	Name, Version string
	// BasePackages are the Debian packages of the base image.
	BasePackages []DebianPackage
	// Distribution is the ID of the base's os-release; "" means "debian".
	Distribution string
	// Licenses has the licences of Python packages by normalised name (PEP 503).
	Licenses map[string]License
	// ToolVersion is the version of deployfile, "" to leave it out.
	ToolVersion string
}

// inventory is the content of both formats, in the order of the documents.
type inventory struct {
	Input
	// created is in RFC 3339, UTC, to the second.
	created string
	base    base
	// python and added are what the image adds to its base, inherited is what it
	// keeps of the base.
	python, added, inherited []software
	// source and revision are the repository and commit of the Deployfile, or "".
	source, revision string
	signature        signature
}

// software is a package.
type software struct {
	// id is unique in the document.
	id            string
	name, version string
	purl          string
	// sha256 is the hash of the package's file, filename its name, both "" if
	// unknown.
	sha256, filename string
	// location is where the package came from in SPDX's form; "" if unknown or
	// from the build context.
	location string
	license  License
}

func newInventory(in Input) (*inventory, error) {
	if in.Plan == nil {
		return nil, fmt.Errorf("an SBOM needs a plan")
	}
	created, err := time.Parse(time.RFC3339, in.Plan.Config.Created)
	if err != nil {
		return nil, fmt.Errorf("time of creation: %w", err)
	}
	i := &inventory{
		Input:    in,
		created:  created.UTC().Format(time.RFC3339),
		base:     newBase(in.Plan.Base),
		source:   publicURL(in.Plan.Config.Labels["org.opencontainers.image.source"]),
		revision: in.Plan.Config.Labels["org.opencontainers.image.revision"],
	}
	i.Name = cmp.Or(in.Name, "model")
	if in.Model != nil {
		if i.signature, err = newSignature(in.Model.Signature); err != nil {
			return nil, err
		}
	}
	for _, layer := range in.Plan.Layers {
		for _, w := range layer.Wheels {
			i.python = append(i.python, python(w, in.Licenses))
		}
	}
	i.debian()
	for _, list := range [][]software{i.python, i.added, i.inherited} {
		slices.SortFunc(list, func(a, b software) int { return strings.Compare(a.id, b.id) })
		for n := 1; n < len(list); n++ {
			if list[n].id == list[n-1].id {
				return nil, fmt.Errorf("package %s is listed twice", list[n].name)
			}
		}
	}
	return i, nil
}

// publicURL removes from a URL what may be a credential: the user, unless it is
// an ssh account, the password and the query. It returns "" for an invalid URL.
func publicURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	user := u.User
	u.User = nil
	if strings.HasSuffix(u.Scheme, "ssh") && user != nil {
		u.User = url.User(user.Username())
	}
	u.RawQuery, u.ForceQuery, u.Fragment = "", false, ""
	return u.String()
}

// identifier returns a UUID derived from a document's contents (RFC 9562,
// version 5).
func identifier(document []byte) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, document).String()
}
