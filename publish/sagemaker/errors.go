package sagemaker

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// SageMaker has hardly any codes of errors: what is wrong is in the text.

// said reports whether an error of SageMaker's own has one of the texts.
func said(err error, texts ...string) bool {
	var e smithy.APIError
	if !errors.As(err, &e) {
		return false
	}
	message := strings.ToLower(e.ErrorMessage())
	for _, text := range texts {
		if strings.Contains(message, text) {
			return true
		}
	}
	return false
}

// named reports whether an error of AWS has a code.
func named(err error, code string) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == code
}

// missing reports whether something is not there.
func missing(err error) bool { return said(err, "could not find", "does not exist") }

// exists reports whether something of the name is there already.
func exists(err error) bool { return said(err, "already existing") }

// changing reports whether the endpoint is being changed.
func changing(err error) bool { return said(err, "in-progress") }

// refused adds what can be done about an error of SageMaker's.
func refused(what string, err error) error {
	var e smithy.APIError
	if !errors.As(err, &e) {
		// The library has no type for it.
		if strings.Contains(err.Error(), "get credentials: ") {
			return fmt.Errorf("%s: there are no credentials of AWS: set AWS_PROFILE, or profile in the target, run aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: %w", what, err)
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	hint := ""
	switch {
	case e.ErrorCode() == "ResourceLimitExceeded":
		hint = "; an update runs the old and the new instances side by side: ask for more in Service Quotas, or use fewer or smaller instances"
	case said(err, "could not assume role"):
		hint = "; the trust policy of execution-role must name sagemaker.amazonaws.com, and you need iam:PassRole"
	case said(err, "asyncinferenceconfig parameter cannot be"):
		hint = "; an endpoint stays asynchronous: give the target another endpoint, or delete this one"
	case said(err, "manifest media type"):
		hint = `; SageMaker takes Docker's media types alone: push the image with format = "docker-manifest"`
	case e.ErrorCode() == "AccessDeniedException":
		hint = "; docs/targets/sagemaker.md has the policy that is needed"
	}
	return &APIError{What: what, Code: e.ErrorCode(), Message: e.ErrorMessage() + hint, Err: err}
}

// APIError is an answer of AWS that refuses a request.
type APIError struct {
	// What was asked for, the Code of AWS, and the Message.
	What, Code, Message string
	// Err is the error of the library.
	Err error
}

// Error has the message and the code.
func (e *APIError) Error() string { return fmt.Sprintf("%s: %s (%s)", e.What, e.Message, e.Code) }

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }
