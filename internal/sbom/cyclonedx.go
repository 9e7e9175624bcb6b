package sbom

import (
	"bytes"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// The bom-refs of components that exist once.
const (
	refImage = "image"
	refBase  = "base"
	refModel = "model"
)

// CycloneDX writes a CycloneDX 1.6 document in JSON, with the model as a
// machine-learning-model component (ML-BOM).
func CycloneDX(in Input) ([]byte, error) {
	i, err := newInventory(in)
	if err != nil {
		return nil, err
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Timestamp:  i.created,
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhaseBuild}},
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: "deployfile", Version: i.ToolVersion,
		}}},
		Component: i.imageComponent(),
	}
	components := []cdx.Component{i.baseComponent(), i.modelComponent()}
	for _, list := range [][]software{i.added, i.python} {
		for _, s := range list {
			components = append(components, s.component())
		}
	}
	bom.Components = &components
	var parts []string
	for _, c := range components {
		parts = append(parts, c.BOMRef)
	}
	bom.Dependencies = &[]cdx.Dependency{{Ref: refImage, Dependencies: &parts}}

	unnamed, err := encodeCycloneDX(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = "urn:uuid:" + identifier(unnamed)
	return encodeCycloneDX(bom)
}

func encodeCycloneDX(bom *cdx.BOM) ([]byte, error) {
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6)
	return b.Bytes(), err
}

func (i *inventory) imageComponent() *cdx.Component {
	c := &cdx.Component{
		BOMRef: refImage, Type: cdx.ComponentTypeContainer, Name: i.Name, Version: i.Version,
		Properties: properties([]fact{{"deployfile:platform", i.Plan.Platform}}),
	}
	if i.source != "" {
		c.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: i.source, Comment: i.revision}}
	}
	return c
}

func (i *inventory) baseComponent() cdx.Component {
	c := cdx.Component{
		BOMRef: refBase, Type: cdx.ComponentTypeContainer,
		Name: i.base.name, Version: i.base.digest, PackageURL: i.base.purl, Hashes: hashes(i.base.sha256()),
	}
	var inside []cdx.Component
	for _, s := range i.inherited {
		inside = append(inside, s.component())
	}
	if len(inside) > 0 {
		c.Components = &inside
	}
	return c
}

func (i *inventory) modelComponent() cdx.Component {
	c := cdx.Component{
		BOMRef: refModel, Type: cdx.ComponentTypeMachineLearningModel, Name: i.Name, Version: i.Version,
		PackageURL: modelPURL(i.Origin),
		Properties: properties(i.facts()),
	}
	var files []cdx.Component
	for _, f := range i.Plan.Model.Files {
		files = append(files, cdx.Component{
			BOMRef: refModel + "/" + f.Path, Type: cdx.ComponentTypeFile, Name: f.Path, Hashes: hashes(f.SHA256),
		})
	}
	if len(files) > 0 {
		c.Components = &files
	}
	if i.Model != nil {
		c.ModelCard = &cdx.MLModelCard{ModelParameters: &cdx.MLModelParameters{
			ModelArchitecture: strings.Join(i.Model.Flavors, ", "),
			Inputs:            formats(i.signature.inputs),
			Outputs:           formats(i.signature.outputs),
		}}
	}
	return c
}

func (s software) component() cdx.Component {
	c := cdx.Component{
		BOMRef: s.id, Type: cdx.ComponentTypeLibrary, Name: s.name, Version: s.version,
		PackageURL: s.purl, Hashes: hashes(s.sha256),
	}
	switch {
	case s.license.Expression != "":
		c.Licenses = &cdx.Licenses{{Expression: s.license.Expression}}
	case s.license.Text != "":
		c.Licenses = &cdx.Licenses{{License: &cdx.License{Name: s.license.Text}}}
	}
	if s.location != "" {
		c.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeDistribution, URL: s.location}}
	}
	return c
}

func hashes(sha256 string) *[]cdx.Hash {
	if sha256 == "" {
		return nil
	}
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: sha256}}
}

func properties(facts []fact) *[]cdx.Property {
	var out []cdx.Property
	for _, f := range facts {
		out = append(out, cdx.Property{Name: f.name, Value: f.value})
	}
	if out == nil {
		return nil
	}
	return &out
}

func formats(phrases []string) *[]cdx.MLInputOutputParameters {
	var out []cdx.MLInputOutputParameters
	for _, p := range phrases {
		out = append(out, cdx.MLInputOutputParameters{Format: p})
	}
	if out == nil {
		return nil
	}
	return &out
}
