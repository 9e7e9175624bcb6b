package modelstore

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// explainS3 says what an error of AWS' library means, and what to do about it, without
// the names of its operations and requests. Missing is why there is no credential.
func explainS3(err, missing error) error {
	var api smithy.APIError
	var resp *awshttp.ResponseError
	if !errors.As(err, &api) {
		var op *smithy.OperationError
		if errors.As(err, &op) {
			err = op.Err
		}
		return err
	}
	code, status := api.ErrorCode(), 0
	if errors.As(err, &resp) {
		status = resp.HTTPStatusCode()
	}
	switch code {
	case "NoSuchBucket":
		return errors.New("there is no such bucket")
	case "NoSuchKey", "NoSuchVersion", "NotFound":
		return errNoObject
	case "InvalidRange":
		return errShorter
	case "PreconditionFailed":
		return errors.New("it has changed since it was listed; run the command again")
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired":
		return fmt.Errorf("AWS' credential is wrong or has expired (%s)", code)
	}
	switch {
	case status == http.StatusForbidden && missing != nil:
		return fmt.Errorf("it is not public, and no credential of AWS is found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY%s", reasonMissing(missing))
	case status == http.StatusForbidden:
		return errors.New("the credential does not allow it: a model needs s3:ListBucket and s3:GetObject")
	}
	return fmt.Errorf("%d %s: %s", status, http.StatusText(status), quotedReason(strings.Trim(code+": "+api.ErrorMessage(), ": ")))
}

// reasonMissing says why there is no credential, unless it is only that nobody gave one.
func reasonMissing(err error) string {
	if strings.Contains(err.Error(), "no EC2 IMDS role found") {
		return ""
	}
	return " (" + quotedReason(err.Error()) + ")"
}
