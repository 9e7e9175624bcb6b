//go:build integration

package buildx

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
)

// statement is an in-toto statement of the image.
type statement struct {
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
	Subject       []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
}

// The types of the statements, of the in-toto attestation framework.
const (
	spdxType       = "https://spdx.dev/Document"
	cycloneDXType  = "https://cyclonedx.org/bom"
	provenanceType = "https://slsa.dev/provenance/"
)

// TestAttestations attaches SBOMs and provenance to the image of iris.
func TestAttestations(t *testing.T) {
	p := example(t, "iris")
	const arch = "amd64"
	ref := shared.registry.Host + "/attested"
	platform := []string{"--platform", "linux/" + arch, "-t", ref, "--push"}
	plain := p.mustBuildx(t, append(platform, withoutProvenance)...).digest(t)
	r := p.must(t, invocation{progress: "rawjson"}, append(platform, "--sbom=true", "--provenance=mode=max")...)
	if d := lab.Pull(t, ref); d.Digest.String() != r.digest(t) {
		t.Errorf("the metadata file has %s, the registry %s", r.digest(t), d.Digest)
	}
	if got := digestOf(t, pullImage(t, ref, arch)); got != plain {
		t.Errorf("with attestations the image is %s, without %s", got, plain)
	}
	for name := range r.vertices(t) {
		if strings.Contains(name, "scanner") || strings.Contains(name, "buildkit-syft") {
			t.Errorf("BuildKit scans, though all is known: %s", name)
		}
	}

	statements := statements(t, ref)
	installed := installed(t, ref+"@"+plain)
	for suffix, predicate := range map[string]string{"spdx.json": spdxType, "cdx.json": cycloneDXType} {
		s, ok := statements[predicate]
		if !ok {
			t.Errorf("no statement of type %s: %v", predicate, slices.Sorted(maps.Keys(statements)))
			continue
		}
		if len(s.Subject) == 0 || "sha256:"+s.Subject[0].Digest["sha256"] != plain {
			t.Errorf("%s is about %v, not about %s", predicate, s.Subject, plain)
		}
		file := filepath.Join(t.TempDir(), "sbom."+suffix)
		if err := os.WriteFile(file, s.Predicate, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(shared.Python, "../../internal/sbom/testdata/validate.py", file).CombinedOutput(); err != nil {
			t.Errorf("the format's own validator says of %s: %v\n%s", suffix, err, out)
		}
		if d := cmp.Diff(installed, pythonPackages(t, s.Predicate)); d != "" {
			t.Errorf("packages of importlib.metadata in the image, and of %s:\n%s", suffix, d)
		}
	}
	checkProvenance(t, p, statements)
}

// statements are those that are attached to the image, by predicate type.
func statements(t *testing.T, ref string) map[string]statement {
	t.Helper()
	index, err := lab.Pull(t, ref).ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]statement{}
	for _, m := range manifest.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			continue
		}
		img, err := remote.Image(r.Context().Digest(m.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			content, err := l.Compressed()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(content)
			content.Close()
			if err != nil {
				t.Fatal(err)
			}
			var s statement
			if err := json.Unmarshal(data, &s); err != nil {
				t.Fatal(err)
			}
			out[s.PredicateType] = s
		}
	}
	return out
}

// pythonPackages are the package URLs of an SBOM that are of PyPI
// packages, as "name==version", whichever format it has.
func pythonPackages(t *testing.T, bill []byte) []string {
	t.Helper()
	var x struct {
		Packages []struct {
			ExternalRefs []struct{ ReferenceLocator string }
		}
		Components []struct{ Purl string }
	}
	if err := json.Unmarshal(bill, &x); err != nil {
		t.Fatal(err)
	}
	var urls, out []string
	for _, p := range x.Packages {
		for _, r := range p.ExternalRefs {
			urls = append(urls, r.ReferenceLocator)
		}
	}
	for _, c := range x.Components {
		urls = append(urls, c.Purl)
	}
	for _, u := range urls {
		if rest, ok := strings.CutPrefix(u, "pkg:pypi/"); ok {
			rest, _, _ = strings.Cut(rest, "?")
			out = append(out, strings.Replace(rest, "@", "==", 1))
		}
	}
	slices.Sort(out)
	return out
}

// installed asks the image's own Python what is installed.
func installed(t *testing.T, ref string) []string {
	t.Helper()
	const script = `import importlib.metadata as m, re
print("\n".join(sorted({re.sub(r"[-_.]+", "-", d.name).lower() + "==" + d.version for d in m.distributions(path=["/opt/venv/lib/python3.11/site-packages"])})), file=open("/out/packages", "w"))`
	run := bkllb.Image(ref).Run(bkllb.Args([]string{"/opt/venv/bin/python", "-c", script}), bkllb.Network(bkllb.NetModeNone))
	def, err := run.AddMount("/out", bkllb.Scratch()).Marshal(t.Context(), bkllb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err = shared.builder.dial(t).Solve(t.Context(), def, client.SolveOpt{
		Exports: []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: dir}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(lab.Files(t, dir, "packages")["packages"])
	if len(packages) < 20 {
		t.Errorf("only %q are installed", packages)
	}
	return packages
}

// checkProvenance checks that BuildKit's own provenance names nothing but what
// the lock pins, the frontend and the two images.
func checkProvenance(t *testing.T, p *project, all map[string]statement) {
	t.Helper()
	var found bool
	for kind, s := range all {
		if !strings.HasPrefix(kind, provenanceType) {
			continue
		}
		found = true
		// Of SLSA 0.2 and 1, in this order.
		var x struct {
			Materials       []material
			BuildDefinition struct{ ResolvedDependencies []material }
		}
		if err := json.Unmarshal(s.Predicate, &x); err != nil {
			t.Fatal(err)
		}
		materials := append(x.Materials, x.BuildDefinition.ResolvedDependencies...)
		if len(materials) < 30 {
			t.Errorf("only %d materials", len(materials))
		}
		lock := p.Read(t, "Deployfile.lock") + p.Read(t, "pylock.linux-amd64.toml")
		for _, m := range materials {
			digest := m.Digest["sha256"]
			if digest == "" {
				t.Errorf("%s is not pinned", m.URI)
			}
			isImage := strings.HasPrefix(m.URI, "pkg:docker/") || strings.HasPrefix(m.URI, "pkg:oci/")
			if !isImage && !strings.Contains(lock, digest) {
				t.Errorf("%s (%s) is not in the lock", m.URI, digest)
			}
		}
	}
	if !found {
		t.Errorf("no provenance: %v", slices.Sorted(maps.Keys(all)))
	}
}

type material struct {
	URI    string
	Digest map[string]string
}
