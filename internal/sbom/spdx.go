package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// namespace is the prefix of document URIs, which SPDX requires to be unique,
// not reachable.
const namespace = "https://github.com/deployfile/deployfile/spdx/"

const unknown = "NOASSERTION"

// The identifiers of elements that exist once.
const (
	idImage = common.ElementID("image")
	idBase  = common.ElementID("base")
	idModel = common.ElementID("model")
)

// SPDX writes an SPDX 2.3 document in JSON.
func SPDX(in Input) ([]byte, error) {
	i, err := newInventory(in)
	if err != nil {
		return nil, err
	}
	tool := "deployfile"
	if i.ToolVersion != "" {
		tool += "-" + i.ToolVersion
	}
	d := &spdxDocument{Document: spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: i.Name + "-" + strings.ReplaceAll(path.Clean(i.Plan.Platform), "/", "-"),
		CreationInfo: &spdx.CreationInfo{Created: i.created, Creators: []common.Creator{{CreatorType: "Tool", Creator: tool}}},
	}}
	d.add("DOCUMENT", common.TypeRelationshipDescribe, i.imagePackage())
	d.add(idImage, common.TypeRelationshipDescendantOf, i.basePackage())
	d.add(idImage, common.TypeRelationshipContains, i.modelPackage())
	for _, f := range i.Plan.Model.Files {
		p := newPackage("model-file-"+common.ElementID(short(f.Path)), f.Path, "", "FILE")
		p.PackageFileName, p.PackageChecksums = f.Path, checksums(f.SHA256)
		d.add(idModel, common.TypeRelationshipContains, p)
	}
	for _, list := range [][]software{i.added, i.python} {
		for _, s := range list {
			d.software(idImage, s)
		}
	}
	for _, s := range i.inherited {
		d.software(idBase, s)
	}
	slices.SortFunc(d.OtherLicenses, func(a, b *spdx.OtherLicense) int {
		return strings.Compare(a.LicenseIdentifier, b.LicenseIdentifier)
	})
	unnamed, err := encodeSPDX(&d.Document)
	if err != nil {
		return nil, err
	}
	d.DocumentNamespace = namespace + url.PathEscape(d.DocumentName) + "-" + identifier(unnamed)
	return encodeSPDX(&d.Document)
}

func encodeSPDX(d *spdx.Document) ([]byte, error) {
	var b bytes.Buffer
	err := spdxjson.Write(d, &b, spdxjson.Indent("  "), spdxjson.EscapeHTML(false))
	return b.Bytes(), err
}

// spdxDocument is a document under construction.
type spdxDocument struct{ spdx.Document }

// add adds a package and its relation to the first element.
func (d *spdxDocument) add(from common.ElementID, relation string, p *spdx.Package) {
	d.Packages = append(d.Packages, p)
	d.Relationships = append(d.Relationships, &spdx.Relationship{
		RefA:         common.DocElementID{ElementRefID: from},
		RefB:         common.DocElementID{ElementRefID: p.PackageSPDXIdentifier},
		Relationship: relation,
	})
}

func (d *spdxDocument) software(in common.ElementID, s software) {
	p := newPackage(elementID(s.id), s.name, s.version, "LIBRARY")
	p.PackageFileName, p.PackageChecksums = s.filename, checksums(s.sha256)
	p.PackageExternalReferences = purl(s.purl)
	if s.location != "" {
		p.PackageDownloadLocation = s.location
	}
	p.PackageLicenseDeclared = d.license(s.license)
	d.add(in, common.TypeRelationshipContains, p)
}

// license returns the licence as the document refers to it.
func (d *spdxDocument) license(l License) string {
	switch {
	case l.Expression != "":
		for _, r := range references(l.Expression) {
			d.otherLicense(r, "The package's METADATA names this licence and nothing more.")
		}
		return l.Expression
	case l.Text != "":
		id := "LicenseRef-" + short(l.Text)
		d.otherLicense(id, l.Text)
		return id
	}
	return unknown
}

func (d *spdxDocument) otherLicense(id, text string) {
	if !slices.ContainsFunc(d.OtherLicenses, func(o *spdx.OtherLicense) bool { return o.LicenseIdentifier == id }) {
		d.OtherLicenses = append(d.OtherLicenses, &spdx.OtherLicense{LicenseIdentifier: id, ExtractedText: text})
	}
}

func (i *inventory) imagePackage() *spdx.Package {
	p := newPackage(idImage, i.Name, i.Version, "CONTAINER")
	p.PackageComment = "Image for " + i.Plan.Platform
	if i.source != "" {
		p.PackageSourceInfo = strings.TrimSpace(fmt.Sprintf("Built from %s %s", i.source, i.revision))
	}
	return p
}

func (i *inventory) basePackage() *spdx.Package {
	p := newPackage(idBase, i.base.name, i.base.digest, "CONTAINER")
	p.PackageChecksums = checksums(i.base.sha256())
	p.PackageExternalReferences = purl(i.base.purl)
	return p
}

func (i *inventory) modelPackage() *spdx.Package {
	p := newPackage(idModel, i.Name, i.Version, "OTHER")
	p.PackageSummary = "Machine-learning model in MLflow's format"
	var lines []string
	for _, f := range i.facts() {
		// Each value is one line, so that it cannot forge another name.
		lines = append(lines, f.name+"="+terminal.Line(f.value))
	}
	p.PackageComment = strings.Join(lines, "\n")
	p.PackageExternalReferences = purl(modelPURL(i.Origin))
	return p
}

func newPackage(id common.ElementID, name, version, purpose string) *spdx.Package {
	return &spdx.Package{
		PackageSPDXIdentifier: id, PackageName: name, PackageVersion: version, PrimaryPackagePurpose: purpose,
		PackageDownloadLocation: unknown, PackageLicenseConcluded: unknown, PackageLicenseDeclared: unknown,
		PackageCopyrightText: unknown,
	}
}

func purl(p string) []*spdx.PackageExternalReference {
	if p == "" {
		return nil
	}
	return []*spdx.PackageExternalReference{{
		Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p,
	}}
}

func checksums(sha256 string) []common.Checksum {
	if sha256 == "" {
		return nil
	}
	return []common.Checksum{{Algorithm: common.SHA256, Value: sha256}}
}

// elementID keeps letters, digits, '.' and '-'. A name that has to change gets
// a part of its hash, so that two names never become one.
func elementID(name string) common.ElementID {
	clean := regexp.MustCompile(`[^A-Za-z0-9.-]`).ReplaceAllString(name, "-")
	if clean != name {
		clean += "-" + short(name)
	}
	return common.ElementID(clean)
}

func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
