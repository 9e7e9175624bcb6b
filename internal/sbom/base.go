package sbom

import (
	"path"
	"strings"

	"github.com/deployfile/deployfile/resolver"
	"github.com/distribution/reference"
	"github.com/package-url/packageurl-go"
)

// base is the base image.
type base struct {
	name, digest, purl string
}

func newBase(img resolver.Image) base {
	// The name of a build context means nothing to a reader of the SBOM.
	if rest, ok := strings.CutPrefix(img.Ref, "context:"); ok {
		return base{name: rest, digest: img.Digest}
	}
	named, err := reference.ParseNormalizedNamed(img.Ref)
	if err != nil {
		return base{name: img.Ref, digest: img.Digest}
	}
	q := map[string]string{"repository_url": named.Name()}
	if tagged, ok := named.(reference.Tagged); ok {
		q["tag"] = tagged.Tag()
	}
	return base{
		name: reference.FamiliarName(named), digest: img.Digest,
		purl: packageurl.NewPackageURL(packageurl.TypeOCI, "", path.Base(named.Name()), img.Digest, packageurl.QualifiersFromMap(q), "").ToString(),
	}
}

// sha256 returns the digest's hash in hexadecimal, "" for another algorithm.
func (b base) sha256() string {
	sum, ok := strings.CutPrefix(b.digest, "sha256:")
	if !ok {
		return ""
	}
	return sum
}
