package platform

import (
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestName(t *testing.T) {
	for want, p := range map[string]ocispecs.Platform{
		"linux/amd64": {OS: "Linux", Architecture: "x86_64", Variant: "v3"},
		"linux/arm64": {OS: "linux", Architecture: "aarch64", Variant: "v8", OSVersion: "12"},
		"linux/arm":   {OS: "linux", Architecture: "arm", Variant: "v7"},
	} {
		if got := Name(p); got != want {
			t.Errorf("%+v is %s, want %s", p, got, want)
		}
	}
}
