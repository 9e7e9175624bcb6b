// Command reachable exits with 0 if an image's registry has the image, and with
// 1 and the reason if not. The demo uses it to decide whether it needs its own
// base image.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// patience is how long a registry may take to answer.
const patience = 3 * time.Second

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reachable IMAGE")
		os.Exit(2)
	}
	if err := ask(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "reachable:", err)
		os.Exit(1)
	}
}

// ask looks up the image in its registry, without credentials.
func ask(image string) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err = remote.Head(ref, remote.WithContext(ctx))
	return err
}
