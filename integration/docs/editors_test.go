package docs

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/deployfile"
)

// TestEditorsSettings reads the settings of Visual Studio Code and of taplo, and tries
// the former's pattern.
func TestEditorsSettings(t *testing.T) {
	all := coveredBy(t, editorsPage)
	var code struct {
		Files   map[string]string `json:"files.associations"`
		Schemas map[string]string `json:"evenBetterToml.schema.associations"`
	}
	if err := json.Unmarshal([]byte(all[0].text), &code); err != nil {
		t.Fatal(err)
	}
	if code.Files["Deployfile"] != "toml" || code.Files["Deployfile.lock"] == "toml" || len(code.Schemas) != 1 {
		t.Errorf("%v", code)
	}
	for pattern, url := range code.Schemas {
		re, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{"file:///p/Deployfile": true, "file:///p/Deployfile.gpu": true, "file:///p/Deployfile.lock.toml": false, "file:///p/pyproject.toml": false} {
			if re.MatchString(name) != want {
				t.Errorf("%s matches %s: %t", pattern, name, !want)
			}
		}
		if url != deployfile.SchemaURL {
			t.Errorf("%s is not %s", url, deployfile.SchemaURL)
		}
	}
	var taplo struct {
		Include []string
		Rule    []struct {
			Include []string
			Schema  struct {
				Path    string
				Enabled bool
			}
		}
	}
	meta, err := toml.Decode(all[1].text, &taplo)
	if err != nil || len(meta.Undecoded()) > 0 || len(taplo.Rule) != 1 || taplo.Rule[0].Schema.Path != "deployfile.schema.json" || !taplo.Rule[0].Schema.Enabled {
		t.Errorf("%v, %v, %v", taplo, meta.Undecoded(), err)
	}
}
