package resolver

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/listing"
)

// BuildError reports a package whose wheel cannot be built from its source.
type BuildError struct {
	Name, Version string
	// Reason is the last meaningful part of the log, Log its end.
	Reason, Log string
	// Packages are the Debian packages that the build lacks, as far as its words tell.
	Packages []string
	// Meant is the package that is usually meant by the name, or "".
	Meant string
	// Hints say what else to do.
	Hints []string
	// Err is the *StepError of the build.
	Err error
}

// Error returns the reason, what to do about it, and the log.
func (e *BuildError) Error() string {
	var b strings.Builder
	if e.Meant != "" {
		fmt.Fprintf(&b, "did you mean %s? ", e.Meant)
	}
	fmt.Fprintf(&b, "the wheel of %s cannot be built from source: %s\n", strings.TrimSpace(e.Name+" "+e.Version), e.Reason)
	if len(e.Packages) > 0 {
		fmt.Fprintf(&b, "hint: write build-packages = [%s] in [environment]\n", listing.Quoted(e.Packages))
	}
	for _, hint := range e.Hints {
		fmt.Fprintf(&b, "hint: %s\n", hint)
	}
	fmt.Fprintf(&b, "the log ends with:\n%s", e.Log)
	return b.String()
}

// Unwrap returns the error of the step.
func (e *BuildError) Unwrap() error { return e.Err }

// newBuildError explains the failure of a build by its log.
func newBuildError(s Source, step *StepError) *BuildError {
	const shown = 60
	lines := buildLines(step.Message)
	e := &BuildError{Name: s.Name, Version: s.Version, Err: step, Reason: reason(lines), Meant: Meant(s.Name)}
	if s.VCS != nil && noVersion.MatchString(step.Message) {
		e.Hints = append(e.Hints, "the project takes its version from the tags of its repository, and a build has no history; name a tag, such as @v1.2.0, or a wheel")
	}
	for _, m := range missingTools() {
		if line := slices.IndexFunc(lines, m.pattern.MatchString); line >= 0 {
			if len(e.Packages) == 0 {
				e.Reason = strings.TrimSpace(lines[line])
			}
			for _, p := range m.packages {
				if !slices.Contains(e.Packages, p) {
					e.Packages = append(e.Packages, p)
				}
			}
		}
	}
	e.Log = strings.Join(lines[max(0, len(lines)-shown):], "\n")
	return e
}

// buildLines returns what a build backend said, without what uv says around it:
// standard output, then standard error.
func buildLines(message string) []string {
	var lines []string
	for line := range strings.SplitSeq(message, "\n") {
		// uv indents what others say.
		line = strings.TrimRight(strings.TrimPrefix(line, "         "), " \t\r")
		blank := line == "" || line == "[stdout]" || line == "[stderr]"
		if blank && (len(lines) == 0 || lines[len(lines)-1] == "") || strings.HasPrefix(line, "hint: Build failures usually") {
			continue
		}
		if blank {
			line = ""
		}
		lines = append(lines, line)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

var (
	// noVersion matches what setuptools-scm, hatch-vcs, PBR and versioningit say
	// without a tag.
	noVersion  = regexp.MustCompile(`(?i)unable to detect version|Versioning for this project requires|no tag found|could not find a version tag`)
	exception  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*(Error|Exception|Exit|Failed)\b.*`)
	errorWord  = regexp.MustCompile(`(?i)(^|\s)(fatal )?error:\s*\S`)
	uvOwnWords = regexp.MustCompile(`^(error: Failed to build|  cause: |Building )`)
)

// reason returns the part of a log that says why a build failed: the last exception
// with its message, else the last error of a compiler, else the first paragraph.
func reason(lines []string) string {
	const most = 4
	paragraph := func(from int) string {
		to := from
		for to < len(lines) && to < from+most && lines[to] != "" {
			to++
		}
		return strings.Join(strings.Fields(strings.Join(lines[from:to], " ")), " ")
	}
	own := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return uvOwnWords.MatchString(l) })
	if len(own) > 0 {
		lines = own
	}
	for n := len(lines) - 1; n >= 0; n-- {
		if exception.MatchString(lines[n]) {
			return paragraph(n)
		}
	}
	for n := len(lines) - 1; n >= 0; n-- {
		if errorWord.MatchString(lines[n]) {
			return strings.TrimSpace(lines[n])
		}
	}
	for n, line := range lines {
		if line != "" {
			return paragraph(n)
		}
	}
	return "it says nothing"
}
