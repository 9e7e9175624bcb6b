package azureml

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// status returns the HTTP status of an error of Azure, 0 for another error.
func status(err error) int {
	var e *azcore.ResponseError
	if errors.As(err, &e) {
		return e.StatusCode
	}
	return 0
}

// missing reports whether something is not there.
func missing(err error) bool { return status(err) == http.StatusNotFound }

// changing reports whether something is under way that keeps Azure from doing more.
func changing(err error) bool { return status(err) == http.StatusConflict }

// registered reports whether a version of an environment is there already, and another.
func registered(err error) bool {
	_, message := said(err)
	return status(err) == http.StatusConflict || status(err) == http.StatusBadRequest && strings.Contains(message, "already registered")
}

// said returns the code and the message of an error of Azure.
func said(err error) (code, message string) {
	var e *azcore.ResponseError
	if !errors.As(err, &e) {
		return "", ""
	}
	code = e.ErrorCode
	if e.RawResponse == nil {
		return code, ""
	}
	text, failed := runtime.Payload(e.RawResponse)
	if failed != nil {
		return code, ""
	}
	var body struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal(text, &body) == nil && body.Error.Message != "" {
		return body.Error.Code, body.Error.Message
	}
	return code, strings.TrimSpace(string(text[:min(len(text), 500)]))
}

// hint says what can be done about an error of Azure.
func hint(code, message string, status int) string {
	switch {
	case code == "OutOfQuota":
		return "; Azure keeps a fifth of the instances for upgrades, and the old ones run beside the new: ask for more quota, or use fewer or smaller instances"
	case code == "ImageBuildFailure" || strings.Contains(message, "container image") || strings.Contains(message, "authorization error"):
		return "; the image must be in its registry, and the endpoint's identity needs the role AcrPull there"
	case code == "ResourceNotReady":
		return "; see its log, and startup-timeout"
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return "; docs/targets/azureml.md has the roles that are needed"
	}
	return ""
}

// refused returns an error of Azure as this package has it, nil for nil.
func refused(what string, err error) error {
	if err == nil {
		return nil
	}
	code, message := said(err)
	if code == "" && message == "" {
		// The library has no type for it.
		if strings.Contains(err.Error(), "failed to acquire a token") {
			return fmt.Errorf("%s: there are no credentials of Azure: run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET: %w", what, err)
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return &APIError{What: what, Code: code, Message: message + hint(code, message, status(err)), Err: err}
}

// APIError is an answer of Azure that refuses a request.
type APIError struct {
	// What was asked for, the Code of Azure, and the Message.
	What, Code, Message string
	// Err is the error of the library.
	Err error
}

// Error has the message and the code.
func (e *APIError) Error() string { return fmt.Sprintf("%s: %s (%s)", e.What, e.Message, e.Code) }

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }
