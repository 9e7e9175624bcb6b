package deployfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/modelsource"
)

// TestSecretsOfModels gives no index, which is wherever a stranger's Deployfile says, a secret
// that the client adds to a build, or that is for one server.
func TestSecretsOfModels(t *testing.T) {
	for id, good := range map[string]bool{
		modelsource.AccessSecret: false, modelsource.HubToken: false, modelsource.HubServer: false, modelsource.MLflowToken: false, modelsource.MLflowPassword: false,
		modelsource.MLflowServer: false, modelsource.NetrcSecret: false, modelsource.GitSecret + "example.com": false, "GIT_AUTH_HEADER.example.com": false,
		"AWS_SECRET_ACCESS_KEY": false, "CLOUDSDK_AUTH_ACCESS_TOKEN": false, "AZURE_STORAGE_CONNECTION_STRING": false, "aws": true,
		"GIT_AUTH_TOKEN": false, "hf_token": false, "ca": true, "corp-pypi": true, "my-netrc": true, "pypi.HF_TOKEN": true,
	} {
		for _, text := range []string{
			"[environment]\nca = %q\n",
			"[[environment.indexes]]\nname = \"x\"\nurl = \"https://stranger.example.com/simple\"\nsecret = %q\n",
		} {
			text = "[model]\nsource = \"models:/iris/3\"\n" + fmt.Sprintf(text, id)
			_, _, err := deployfile.Parse("Deployfile", []byte(text), nil)
			if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "is reserved for the steps that fetch a model") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
