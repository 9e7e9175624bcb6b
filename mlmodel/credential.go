package mlmodel

import (
	"regexp"
	"strings"
)

const secretHint = `take it out of the file; declare the index under [[environment.indexes]] with secret = "…" and pass the value as a build secret`

var (
	userInfo    = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*)://([^\s/?#@]*(?:@[^\s/?#@]*)*)@`)
	secretQuery = regexp.MustCompile(`(?i)://\S*[?&][^=&\s]*(token|secret|passw|sig|credential|api[-_]?key)[^=&\s]*=`)
	variable    = regexp.MustCompile(`\$\{[A-Za-z0-9_]+\}`)
)

// hasCredential tells whether a URL in text carries a user name, password or
// token. The user of an ssh URL names an account and proves nothing, so it
// passes unless a password follows it.
func hasCredential(text string) bool {
	for _, m := range userInfo.FindAllStringSubmatch(text, -1) {
		ssh := strings.HasSuffix(strings.ToLower(m[1]), "ssh")
		if !ssh || strings.Contains(m[2], ":") {
			return true
		}
	}
	return secretQuery.MatchString(text)
}

// redact cuts out of text all that could be a credential. It rather takes too
// much, because it also serves the texts of malformed URLs.
func redact(text string) string {
	if !strings.ContainsAny(text, "@?") {
		return text
	}
	words := strings.SplitAfter(text, " ")
	for i, word := range words {
		words[i] = redactWord(word)
	}
	return strings.Join(words, "")
}

func redactWord(word string) string {
	start := 0
	scheme := strings.Index(word, "://")
	if scheme >= 0 {
		start = scheme + len("://")
		if query := strings.IndexByte(word[start:], '?'); query >= 0 {
			end := start + query + 1
			if at := strings.LastIndexByte(word, '@'); at < end {
				word = word[:end] + "…"
			}
		}
	}
	at := strings.LastIndexByte(word, '@')
	if at <= start || scheme < 0 && !strings.Contains(word[:at], ":") {
		return word
	}
	rest := word[at:]
	if query := strings.IndexByte(rest, '?'); scheme >= 0 && query >= 0 {
		rest = rest[:query+1] + "…"
	}
	return word[:start] + "…" + rest
}
