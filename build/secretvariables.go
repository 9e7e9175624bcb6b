package build

import (
	"fmt"
	"os"
	"strings"

	"github.com/tonistiigi/go-csvvalue"
)

// checkSecretVariables refuses a secret of an environment variable that is not set:
// BuildKit's client would give an empty one, and the server that gets it refuse it.
func checkSecretVariables(secrets []string) error {
	for _, s := range secrets {
		fields, err := csvvalue.Fields(s, nil)
		if err != nil {
			return err
		}
		var kind, id, source, variable string
		for _, f := range fields {
			key, value, _ := strings.Cut(f, "=")
			switch strings.ToLower(key) {
			case "type":
				kind = value
			case "id":
				id = value
			case "src", "source":
				source = value
			case "env":
				variable = value
			}
		}
		if kind == "env" && variable == "" {
			variable = source
		}
		if variable == "" {
			continue
		}
		if _, set := os.LookupEnv(variable); !set {
			return fmt.Errorf("the environment variable %s of secret %q is not set", variable, id)
		}
	}
	return nil
}
