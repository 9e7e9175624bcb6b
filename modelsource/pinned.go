package modelsource

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// checkPlace refuses a pin of another place than the source: whoever reads the Deployfile
// believes that the model comes from there. An MLflow server alone says where its models
// are.
func (p Pin) checkPlace() error {
	var source, pinned string
	var err error
	switch {
	case Git{}.Match(p.Source):
		source, pinned, err = placesOf(p, func(text string) (string, error) {
			n, err := ParseGit(text)
			return n.URL + "#" + n.Path, err
		})
	case Hub{}.Match(p.Source):
		source, pinned, err = placesOf(p, func(text string) (string, error) {
			n, err := ParseHub(text)
			return n.Repository + "/" + n.Path, err
		})
	case OCI{}.Match(p.Source):
		source, pinned, err = placesOf(p, func(text string) (string, error) {
			n, err := reference.ParseNormalizedNamed(strings.TrimPrefix(text, OCIPrefix))
			if err != nil {
				return "", err
			}
			return n.Name(), nil
		})
	case Objects{}.Match(p.Source):
		var n ObjectsName
		n, err = ParseObjects(p.Source)
		source, pinned = n.String(), p.Location
	case Archive{}.Match(p.Source):
		source, pinned = p.Source, p.Location
	}
	if err == nil && source != pinned {
		err = fmt.Errorf("model source %q is pinned to another place, %q; run deployfile lock --upgrade-model", p.Source, pinned)
	}
	return err
}

func placesOf(p Pin, of func(string) (string, error)) (source, pinned string, err error) {
	if source, err = of(p.Source); err == nil {
		pinned, err = of(p.Resolved)
	}
	return source, pinned, err
}
