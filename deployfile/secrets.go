package deployfile

import (
	"fmt"
	"regexp"
)

// modelSecrets matches the ids of secrets that are for one server: the client gives them to
// the steps that fetch a model, some without being told. An index is wherever the Deployfile
// says, and so would they be.
var modelSecrets = regexp.MustCompile(`(?i)^(deployfile-.*|hf_token|hf_endpoint|mlflow_.*|netrc|aws_.*|azure_storage_.*|cloudsdk_.*|storage_emulator_host|git_auth_(token|header)(\..*)?)$`)

// checkSecret refuses the id of a secret that no index may get.
func checkSecret(name, id string) Problem {
	if !modelSecrets.MatchString(id) {
		return Problem{}
	}
	return Problem{
		"invalid-name", fmt.Sprintf("%s %q is reserved for the steps that fetch a model", name, id),
		"give the secret another id",
	}
}
