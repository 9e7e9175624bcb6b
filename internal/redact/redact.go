// Package redact hides credentials in text that is shown or stored. Text from
// untrusted files goes through it: a requirement in a message (Cut), a source
// line under a message (Mask), and secret parts of a file (Ranges).
package redact

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*)://([^\s/?#@]*(?:@[^\s/?#@]*)*)@`)
	// variables matches what stands before the "@" if it, or the password in it, is
	// a variable, as pip writes one: "${USER}:${PASSWORD}". It is no secret.
	variables   = regexp.MustCompile(`^(?:[A-Za-z0-9._-]*:)?\$\{[A-Za-z0-9_]+\}(?::\$\{[A-Za-z0-9_]+\}|:)?$`)
	secretQuery = regexp.MustCompile(`(?i)://\S*[?&][^=&\s]*(token|secret|passw|sig|credential|api[-_]?key)[^=&\s]*=`)
)

// HasCredential reports whether a URL in text has a user name, a password or a
// token. The user of an ssh URL only names an account, so it counts only with a
// password.
func HasCredential(text string) bool {
	for _, m := range userInfo.FindAllStringSubmatch(text, -1) {
		ssh := strings.HasSuffix(strings.ToLower(m[1]), "ssh")
		if (!ssh || strings.Contains(m[2], ":")) && !variables.MatchString(m[2]) {
			return true
		}
	}
	return secretQuery.MatchString(text) || hasToken(text)
}

// Cut replaces anything in text that could be a credential of a URL by "…": the
// part before an "@", and the queries of URLs that have one. It errs on the
// side of removing too much, because URLs may be malformed. It is for messages,
// where columns do not matter.
func Cut(text string) string {
	text = replaceTokens(text, func(string) string { return "…" })
	if !strings.ContainsAny(text, "@?") {
		return text
	}
	words := strings.SplitAfter(text, " ")
	for i, word := range words {
		words[i] = cutWord(word)
	}
	return strings.Join(words, "")
}

func cutWord(word string) string {
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

// beforeAt matches generously on purpose: an asterisk too many does no harm.
var beforeAt = regexp.MustCompile(`//[^\n]*@`)

// Mask replaces each character between a "//" and the last "@" of its line, and of
// a token in a path, by an asterisk, so that every column stays the same.
func Mask(text string) string {
	text = replaceTokens(text, func(token string) string { return strings.Repeat("*", utf8.RuneCountInString(token)) })
	return beforeAt.ReplaceAllStringFunc(text, func(match string) string {
		inner := []rune(match)[len("//"):]
		return "//" + strings.Repeat("*", len(inner)-1) + "@"
	})
}
