package azureml

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// A list of clouds says where a cloud is. What is not secure gets no tokens.
func TestListedClouds(t *testing.T) {
	const good = `{"name": "AzureUSGovernment", "portal": "https://portal.azure.us", "resourceManager": "https://management.usgovcloudapi.net/",
		"authentication": {"loginEndpoint": "https://login.microsoftonline.us/", "audiences": ["https://management.core.usgovcloudapi.net"]}}`
	for name, x := range map[string]struct{ list, cloud, says string }{
		"a list":         {"[{}, " + good + "]", "government", ""},
		"one":            {good, "AzureUSGovernment", ""},
		"another":        {"[" + good + "]", "public", `the list has no cloud "public"`},
		"not secure":     {strings.Replace(good, "https://management", "http://management", 1), "government", "no https addresses"},
		"no audience":    {strings.Replace(good, `"https://management.core.usgovcloudapi.net"`, "", 1), "government", "no audience"},
		"something else": {"<html>", "public", "not a list of clouds"},
		"too long":       {`["` + strings.Repeat("x", MaxMetadata) + `"]`, "public", "the list of clouds"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, x.list) }))
			defer server.Close()
			got, err := listed(t.Context(), server.Client(), server.URL, x.cloud)
			if x.says != "" {
				if err == nil || !strings.Contains(err.Error(), x.says) {
					t.Errorf("%v, want %s", err, x.says)
				}
				return
			}
			if err != nil || got.scoring != "https://ml.azure.us" || got.Services[cloud.ResourceManager].Endpoint != "https://management.usgovcloudapi.net" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	if _, err := addressesOf(t.Context(), "USNat"); err == nil || !strings.Contains(err.Error(), metadataVariable) {
		t.Errorf("%v", err)
	}
	t.Setenv(metadataVariable, "http://127.0.0.1/")
	if _, err := addressesOf(t.Context(), "public"); err == nil || !strings.Contains(err.Error(), "not the https address") {
		t.Errorf("%v", err)
	}
}
