package dockerengine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/client"
)

// Load loads an image archive into the engine: Docker's format, or an OCI
// layout that also has Docker's manifest.json. It returns when the engine has
// loaded or refused the image, with the name or id that the engine reports, ""
// if it reports none.
func Load(ctx context.Context, c *client.Client, archive io.Reader) (image string, err error) {
	response, err := c.ImageLoad(ctx, archive, client.ImageLoadWithQuiet(true))
	if err != nil {
		return "", fmt.Errorf("load the image into Docker's engine: %w", err)
	}
	defer response.Close()
	if image, err = loaded(response); err != nil {
		return "", fmt.Errorf("load the image into Docker's engine: %w", err)
	}
	return image, nil
}

// loaded reads the engine's report to its end. Errors are in the report,
// because the HTTP status precedes the archive.
func loaded(report io.Reader) (image string, err error) {
	for d := json.NewDecoder(report); ; {
		var message struct {
			Stream string `json:"stream"`
			Error  string `json:"error"`
		}
		switch err := d.Decode(&message); {
		case errors.Is(err, io.EOF):
			return image, nil
		case err != nil:
			return "", err
		case message.Error != "":
			return "", errors.New(message.Error)
		}
		for _, prefix := range []string{"Loaded image ID: ", "Loaded image: "} {
			if name, ok := strings.CutPrefix(strings.TrimSpace(message.Stream), prefix); ok {
				image = name
			}
		}
	}
}
