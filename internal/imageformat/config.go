package imageformat

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxConfig limits the size of a configuration in bytes. The library reads as
// many bytes as a manifest says, and everything if the number is negative.
const maxConfig = 4 << 20

// Config returns the configuration of an image, which may be untrusted.
func Config(image v1.Image) (*v1.ConfigFile, error) {
	m, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	if err := CheckConfig(m.Config.Size); err != nil {
		return nil, err
	}
	return image.ConfigFile()
}

// CheckConfig refuses a configuration by the size in its descriptor, in bytes.
func CheckConfig(size int64) error {
	if size < 0 || size > maxConfig {
		return fmt.Errorf("the image's configuration has %d bytes, and the limit is %d", size, maxConfig)
	}
	return nil
}
