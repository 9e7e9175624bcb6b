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
	// Withheld is the server's address if the user has a credential that was not
	// sent there, because MLFLOW_TRACKING_URI names another server.
	Withheld string
}

// Error says what to do about a credential.
func (e *statusError) Error() string {
	text := fmt.Sprintf("%s: %s: %d %s", e.Host, e.What, e.Status, http.StatusText(e.Status))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	switch denied := e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden; {
	case denied && e.Withheld != "":
		text += "; your credential was not sent, because it is not for this server: if you trust it, set MLFLOW_TRACKING_URI=" + e.Withheld
	case e.Status == http.StatusUnauthorized:
		text += "; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, or write ~/.mlflow/credentials"
	case e.Status == http.StatusForbidden:
		text += "; the credential does not allow it"
	}
	return text
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
