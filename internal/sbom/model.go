package sbom

import (
	"strings"

	"github.com/deployfile/deployfile/modelsource"
	"github.com/package-url/packageurl-go"
)

// modelPURL returns the package URL of a model of a registry of MLflow or a hub, "" for
// another one.
func modelPURL(p *modelsource.Pin) string {
	switch {
	case p == nil:
		return ""
	case p.Name != "" && p.Server != "":
		q := packageurl.QualifiersFromMap(map[string]string{"repository_url": p.Server})
		return packageurl.NewPackageURL(packageurl.TypeMLFlow, "", p.Name, p.Version, q, "").ToString()
	case (modelsource.Hub{}).Match(p.Resolved):
		n, err := modelsource.ParseHub(p.Resolved)
		if err != nil {
			return ""
		}
		owner, name, _ := strings.Cut(n.Repository, "/")
		return packageurl.NewPackageURL(packageurl.TypeHuggingface, owner, name, n.Revision, nil, n.Path).ToString()
	}
	return ""
}
