package deployfile

import (
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/distribution/reference"
)

// checkTagged refuses what is not an image reference that can be pushed to.
func checkTagged(name, value string) Problem {
	named, p := checkImage(name, value)
	if _, digested := named.(reference.Digested); p.Message == "" && digested {
		return Problem{"invalid-image", fmt.Sprintf("%s: %q has a digest, which cannot be pushed to", name, value),
			"leave out what follows the \"@\""}
	}
	return p
}

// checkRepository refuses what is not a repository alone.
func checkRepository(name, value string) Problem {
	named, p := checkImage(name, value)
	if p.Message == "" && !reference.IsNameOnly(named) {
		return Problem{
			"invalid-image", fmt.Sprintf("%s: %q must be a repository, with no tag and no digest", name, value),
			fmt.Sprintf("write %q", reference.FamiliarName(named)),
		}
	}
	return p
}

// checkPlatform refuses a platform that images are not built for.
func checkPlatform(_, value string) Problem {
	known := mustKey[Image]("platforms").enum
	if slices.Contains(known, value) {
		return Problem{}
	}
	p := Problem{"unknown-value", fmt.Sprintf("unknown platform %q", value), suggest.OneOf(value, known)}
	switch value {
	case "amd64", "x86_64", "linux/x86_64", "x86-64", "linux/x86-64":
		p.Hint = `did you mean "linux/amd64"?`
	case "arm64", "aarch64", "linux/aarch64", "linux/arm64/v8":
		p.Hint = `did you mean "linux/arm64"?`
	}
	return p
}

// checkUser refuses what is not numeric.
func checkUser(name, value string) Problem {
	if _, ok := userIDs(value); ok {
		return Problem{}
	}
	return Problem{
		"invalid-user", fmt.Sprintf(`%s %q must be numbers, "uid" or "uid:gid"`, name, value),
		"numbers need no /etc/passwd in the image, and Kubernetes can tell that it is not root",
	}
}
