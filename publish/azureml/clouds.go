package azureml

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"github.com/deployfile/deployfile/internal/untrusted"
)

const (
	// metadataVariable has the address of a list of clouds, for Azure's own command line and
	// its Python client, too.
	metadataVariable = "ARM_CLOUD_METADATA_URL"
	// MaxMetadata is the size of the longest list that is read, in bytes.
	MaxMetadata = 1 << 20
	// metadataTimeout is for the answer.
	metadataTimeout = 30 * time.Second
)

// addresses are where the services of a cloud are.
type addresses struct {
	cloud.Configuration
	// scoring is what a token of Entra for scoring is for.
	scoring string
}

// addressesOf returns the addresses of a cloud, by the name that the key "cloud" has.
func addressesOf(ctx context.Context, name string) (addresses, error) {
	if list := os.Getenv(metadataVariable); list != "" {
		return listed(ctx, http.DefaultClient, list, name)
	}
	switch name {
	case "", "public":
		return addresses{cloud.AzurePublic, "https://ml.azure.com"}, nil
	case "china":
		return addresses{cloud.AzureChina, "https://ml.azure.cn"}, nil
	case "government":
		return addresses{cloud.AzureGovernment, "https://ml.azure.us"}, nil
	}
	return addresses{}, fmt.Errorf("where the cloud %q is, is not known: set %s to the address of the list that has it", name, metadataVariable)
}

// metadata is a cloud in a list.
type metadata struct {
	Name, Portal, ResourceManager string
	Authentication                struct {
		LoginEndpoint string
		Audiences     []string
	}
}

// listed returns the addresses of a cloud by a list.
func listed(ctx context.Context, client *http.Client, list, name string) (out addresses, err error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	if !secure(list) {
		return out, fmt.Errorf("%s is not the https address of a list of clouds", metadataVariable)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, list, nil)
	if err != nil {
		return out, fmt.Errorf("%s: %w", metadataVariable, err)
	}
	res, err := client.Do(r)
	if err != nil {
		return out, fmt.Errorf("%s: %w", metadataVariable, err)
	}
	defer res.Body.Close()
	text, err := untrusted.ReadAll(res.Body, "the list of clouds", MaxMetadata)
	if err != nil {
		return out, err
	}
	if res.StatusCode != http.StatusOK {
		return out, fmt.Errorf("%s: the list of clouds is not there: %s", metadataVariable, res.Status)
	}
	var clouds []metadata
	if err := json.Unmarshal(text, &clouds); err != nil {
		var only metadata
		if json.Unmarshal(text, &only) != nil {
			return out, fmt.Errorf("%s: the answer is not a list of clouds: %w", metadataVariable, err)
		}
		clouds = []metadata{only}
	}
	official := map[string]string{"public": "AzureCloud", "china": "AzureChinaCloud", "government": "AzureUSGovernment"}[name]
	for _, c := range clouds {
		if c.Name == name || c.Name == official {
			return c.addresses()
		}
	}
	return out, fmt.Errorf("%s: the list has no cloud %q", metadataVariable, name)
}

// addresses checks and returns the addresses of a listed cloud.
func (m metadata) addresses() (out addresses, err error) {
	if !secure(m.ResourceManager) || !secure(m.Authentication.LoginEndpoint) || len(m.Authentication.Audiences) == 0 {
		return out, fmt.Errorf("%s: cloud %q has no https addresses of its resource manager and its login, or no audience", metadataVariable, m.Name)
	}
	out.ActiveDirectoryAuthorityHost = m.Authentication.LoginEndpoint
	out.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{
		cloud.ResourceManager: {Endpoint: strings.TrimSuffix(m.ResourceManager, "/"), Audience: m.Authentication.Audiences[0]},
	}
	// Azure's Python client derives it so.
	portal, _ := url.Parse(m.Portal)
	if labels := strings.Split(portal.Hostname(), "."); len(labels) > 2 {
		out.scoring = "https://ml.azure." + strings.Join(labels[2:], ".")
	}
	return out, nil
}

// secure reports whether an address is one to which tokens may be sent.
func secure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
