package azureml

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// list asks the resource manager for a list of something of which Azure's libraries here
// have no client, and calls do with each page.
func list[T any](ctx context.Context, c *connection, path, version string, query url.Values, do func([]T)) error {
	query.Set("api-version", version)
	next := runtime.JoinPaths(c.arm.Endpoint(), path) + "?" + query.Encode()
	for next != "" {
		var page struct {
			Value    []T    `json:"value"`
			NextLink string `json:"nextLink"`
		}
		if err := get(ctx, c, next, &page); err != nil {
			return err
		}
		do(page.Value)
		if next = page.NextLink; !strings.HasPrefix(next, c.arm.Endpoint()+"/") {
			break // a token is for nobody else
		}
	}
	return nil
}

// get asks the resource manager for something.
func get(ctx context.Context, c *connection, address string, into any) error {
	r, err := runtime.NewRequest(ctx, http.MethodGet, address)
	if err != nil {
		return err
	}
	r.Raw().Header.Set("Accept", "application/json")
	answer, err := c.arm.Pipeline().Do(r)
	if err != nil {
		return err
	}
	if !runtime.HasStatusCode(answer, http.StatusOK) {
		return runtime.NewResponseError(answer)
	}
	return runtime.UnmarshalAsJSON(answer, into)
}
