package build

import (
	"fmt"
	"slices"
	"strings"

	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/go-csvvalue"
)

// checkGitSecrets refuses a credential for repositories of all hosts: BuildKit
// sends it to every host that a requirement or a lock names.
func checkGitSecrets(secrets []string) error {
	for _, s := range secrets {
		fields, err := csvvalue.Fields(s, nil)
		if err != nil {
			return err
		}
		for _, f := range fields {
			key, id, _ := strings.Cut(f, "=")
			if strings.EqualFold(key, "id") && slices.Contains([]string{bkllb.GitAuthTokenKey, bkllb.GitAuthHeaderKey}, id) {
				return fmt.Errorf("%s would be sent to any host that a requirement names: give it for one, id=%[1]s.HOST", id)
			}
		}
	}
	return nil
}
