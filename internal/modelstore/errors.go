package modelstore

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
)

// statusError reports an answer of a store other than a success.
type statusError struct {
	// Host is the store's host, What was asked for.
	Host, What string
	// Status is the answer's status, Reason what the store says of it.
	Status int
	Reason string
	// Advice is what to do about it, "" if that is not known.
	Advice string
}

// Error says what to do about it.
func (e *statusError) Error() string {
	text := fmt.Sprintf("%s: %s: %d %s", e.Host, e.What, e.Status, http.StatusText(e.Status))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// denied says what to do about an answer that wants another credential.
func (a advice) denied(status int) string {
	switch denied := status == http.StatusUnauthorized || status == http.StatusForbidden; {
	case denied && a.withheld != "":
		return "your credential was not sent, because it is not for this server: if you trust it, set " + a.withheld
	case status == http.StatusUnauthorized:
		return a.credential
	case status == http.StatusForbidden:
		return "the credential does not allow it"
	}
	return ""
}

// again reports whether the same request may succeed a moment later.
func again(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

var errNoFiles = errors.New("it has no files: the path does not exist in it, or nothing was logged there")

// maxReason limits how much of a store's explanation is shown, in characters.
const maxReason = 500

// quotedReason returns what a store says, on one line and without credentials.
func quotedReason(text string) string {
	text = redact.Cut(strings.Join(strings.Fields(text), " "))
	if cut := []rune(text); len(cut) > maxReason {
		text = string(cut[:maxReason]) + "…"
	}
	return strings.TrimSuffix(text, ".")
}
