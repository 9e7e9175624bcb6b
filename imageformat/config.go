package imageformat

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxConfig is the size in bytes above which a configuration is none. The library
// reads whatever a manifest says, and all that there is if that is less than
// nothing.
const maxConfig = 4 << 20

// Config is the configuration of an image, which may be from a stranger.
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

// CheckConfig refuses a configuration by the size in bytes that its descriptor says.
func CheckConfig(size int64) error {
	if size < 0 || size > maxConfig {
		return fmt.Errorf("the configuration of the image says that it has %d bytes, and none has more than %d", size, maxConfig)
	}
	return nil
}
