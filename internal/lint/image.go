package lint

import (
	"fmt"
	"strconv"

	"github.com/distribution/reference"
)

// unpinnedBase checks a base that the Deployfile names; for the default base,
// unlocked-build is enough.
func unpinnedBase(in Input) []Finding {
	at, written := in.File.Position("environment", "base")
	named, err := reference.ParseNormalizedNamed(in.File.Environment.Base)
	if in.Lock != nil || !written || err != nil || digested(named) {
		return nil
	}
	return []Finding{{
		Message: fmt.Sprintf("base image %s is not pinned to a digest", in.File.Environment.Base),
		Fix:     fmt.Sprintf("run deployfile lock, or write base = %q", in.File.Environment.Base+"@sha256:…"),
		Range:   at,
	}}
}

func digested(named reference.Named) bool {
	_, ok := named.(reference.Digested)
	return ok
}

func latestTags(in Input) []Finding {
	e := in.File.Environment
	var out []Finding
	look := func(value, better string, path ...string) {
		named, err := reference.ParseNormalizedNamed(value)
		at, written := in.File.Position(path...)
		if err != nil || !written || digested(named) {
			return
		}
		tagged, ok := reference.TagNameOnly(named).(reference.Tagged)
		if !ok || tagged.Tag() != "latest" {
			return
		}
		what := value + " has no tag, which means latest"
		if !reference.IsNameOnly(named) {
			what = value + " has the tag latest"
		}
		f := Finding{Message: what, Range: at}
		f.Fix = "name a version: " + reference.FamiliarName(named) + ":VERSION"
		if better != "" {
			f.Replacement = strconv.Quote(reference.FamiliarName(named) + ":" + better)
			f.Fix = "write " + f.Replacement
		}
		out = append(out, f)
	}
	look(e.Base, "", "environment", "base")
	look(e.Toolchain, "", "environment", "toolchain")
	version := in.File.Model.Version
	if !reference.TagRegexp.MatchString(version) || reference.TagRegexp.FindString(version) != version {
		version = ""
	}
	for n, tag := range in.File.Image.Tags {
		look(tag, version, "image", "tags", strconv.Itoa(n))
	}
	return out
}

func unlockedBuild(in Input) []Finding {
	if in.Lock != nil {
		return nil
	}
	return []Finding{{
		Message: "there is no lock, so the versions of packages and images are chosen anew by each build",
		Fix:     "run deployfile lock and commit what it writes",
	}}
}
