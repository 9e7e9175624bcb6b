package resolver

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/deployfile/deployfile/toolchain"
)

// uvVersion is the release of uv that resolves and installs. The hashes of its
// wheels are known; only their URLs are looked up.
const uvVersion = "0.13.9"

type uvWheel struct {
	Platform string `json:"platform"`
	Filename string `json:"filename"`
	SHA256   string `json:"sha256"`
}

func uvWheels() []uvWheel {
	const prefix = "uv-" + uvVersion + "-py3-none-manylinux_2_17_"
	return []uvWheel{
		{"linux/amd64", prefix + "x86_64.manylinux2014_x86_64.whl", "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19"},
		{"linux/arm64", prefix + "aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl", "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe"},
	}
}

// findUV looks up the URLs of uv's wheels in the package index.
func (r *Resolver) findUV(ctx context.Context, t toolchain.Toolchain, indexes []Index) ([]PlatformFile, error) {
	// Only these indexes are asked, so that no other index invalidates the cached
	// answer.
	indexes = slices.DeleteFunc(slices.Clone(indexes), func(i Index) bool { return !i.Default })
	ref, err := r.Gateway.Step(ctx, t, toolchain.Step{
		Name:    "find uv " + uvVersion,
		Script:  script("finduv.py"),
		Args:    []string{requestDir + "/request.json"},
		Network: true,
		Mounts: []toolchain.Mount{request(t, map[string]any{
			"wheels":  uvWheels(),
			"indexes": indexes,
		})},
		Secrets: secrets(indexes),
	})
	if err != nil {
		return nil, err
	}
	var out []PlatformFile
	err = r.Gateway.ReadJSON(ctx, ref, "uv.json", &out)
	return out, err
}

// uvFor returns uv's wheel for the build platform; ok is false if the lock
// lacks the version of this release.
func uvFor(files []PlatformFile, platform string) (toolchain.Download, bool) {
	for _, w := range uvWheels() {
		for _, f := range files {
			if f.Platform == platform && w.Platform == platform && f.SHA256 == w.SHA256 {
				return f.Download, true
			}
		}
	}
	return toolchain.Download{}, false
}

const requestDir = "/run/request"

// request mounts a request.json for a script.
func request(t toolchain.Toolchain, v any) toolchain.Mount {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data of this package
	}
	return file(t, requestDir, "request.json", data)
}
