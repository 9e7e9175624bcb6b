package redact

import (
	"regexp"
	"strings"
)

var (
	// A conda channel has its token in the path: https://HOST/t/TOKEN/CHANNEL. At
	// the start of a path anything after /t/ is one, unless it is a variable or
	// hidden already. Further inside it has to look like one: indexes have
	// directories called t.
	firstToken = regexp.MustCompile(`://[^\s/]+/t/([^\s/?#"'${<*…]+)`)
	laterToken = regexp.MustCompile(`://[^\s/]+/[^\s?#]*/t/([A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*)`)
)

// shortestToken is the length of a token that is not at the start of a path.
const shortestToken = 16

// replaceTokens replaces the tokens in the paths of the URLs in text.
func replaceTokens(text string, with func(token string) string) string {
	if !strings.Contains(text, "/t/") {
		return text
	}
	for _, pattern := range []*regexp.Regexp{firstToken, laterToken} {
		var out strings.Builder
		end := 0
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			if token := text[m[2]:m[3]]; pattern == firstToken || len(token) >= shortestToken {
				out.WriteString(text[end:m[2]] + with(token))
				end = m[3]
			}
		}
		text = out.String() + text[end:]
	}
	return text
}

// hasToken reports whether a URL in text has a token in its path.
func hasToken(text string) bool {
	return replaceTokens(text, func(string) string { return "" }) != text
}
