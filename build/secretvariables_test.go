package build

import (
	"strings"
	"testing"
)

func TestCheckSecretVariables(t *testing.T) {
	t.Setenv("DEPLOYFILE_TEST_SET", "")
	for secret, want := range map[string]string{
		"id=a,env=DEPLOYFILE_TEST_SET":               "",
		"id=a,src=/etc/passwd":                       "",
		"id=a":                                       "",
		"id=a,env=DEPLOYFILE_TEST_UNSET":             `the environment variable DEPLOYFILE_TEST_UNSET of secret "a" is not set`,
		"type=env,id=a,source=DEPLOYFILE_TEST_UNSET": `the environment variable DEPLOYFILE_TEST_UNSET of secret "a" is not set`,
	} {
		err := checkSecretVariables([]string{"id=other,src=x", secret})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", secret, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", secret, err, want)
		}
	}
}
