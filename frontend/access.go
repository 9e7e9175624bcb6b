package frontend

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/deployfile/deployfile/resolver"
)

// AccessError reports a package index that let nobody in, or not with the secret that
// was given.
type AccessError struct {
	// Index is the index's name, Secret the id of its secret, "" for none.
	Index, Secret string
	// Asked is the package or file that was asked for.
	Asked string
	// Status is the status of the index's answer; Given reports that it got the secret.
	Status int
	Given  bool
	// Err is the error of the step that asked.
	Err error
}

// Error returns the status, and what it has to do with the secret.
func (e *AccessError) Error() string {
	status := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	switch {
	case e.Secret == "":
		return fmt.Sprintf("index %q answers %s for %s, and the Deployfile names no secret for it", e.Index, status, e.Asked)
	case !e.Given:
		return fmt.Sprintf("index %q answers %s for %s, and its secret %q was not given", e.Index, status, e.Asked, e.Secret)
	}
	return fmt.Sprintf("index %q answers %s for %s to the secret %q", e.Index, status, e.Asked, e.Secret)
}

// Unwrap returns the error of the step.
func (e *AccessError) Unwrap() error { return e.Err }

// hint names the flag that gives the secret.
func (e *AccessError) hint() string {
	switch {
	case e.Secret == "":
		return fmt.Sprintf("write secret = %q in its table of [[environment.indexes]], and give the credential: %s", e.Index, secretFlag(e.Index))
	case !e.Given:
		return "give it: " + secretFlag(e.Secret)
	case e.Status == http.StatusUnauthorized:
		return "a secret holds user:password, a token, or a netrc file with the index's host; see docs/networks.md"
	}
	return "the credential is known, and may not read this; ask whoever runs the index"
}

func secretFlag(id string) string {
	return fmt.Sprintf("--secret id=%s,env=VARIABLE, or src=FILE", id)
}

// refusedBy returns the error for an index that answered a step with a status that a
// credential changes, nil if none did, and the index's number in the Deployfile, -1 for
// one that is not of the Deployfile.
func (i *Inspection) refusedBy(step *resolver.StepError) (err *AccessError, number int) {
	denied := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired}
	for _, r := range step.Refusals {
		n := resolver.IndexOf(i.env.indexes, r.URL)
		if n < 0 {
			continue
		}
		index := i.env.indexes[n]
		// Some indexes hide what they have from those without a credential.
		hidden := r.Status == http.StatusNotFound && index.SecretID != "" && !r.Given
		if !hidden && !slices.Contains(denied, r.Status) {
			continue
		}
		number = n
		if n >= len(i.File.Environment.Indexes) {
			number = -1
		}
		return &AccessError{Index: index.Name, Secret: index.SecretID, Asked: r.Asked, Status: r.Status, Given: r.Given, Err: step}, number
	}
	return nil, -1
}

// locateRefusal says which index let nobody in, and where the Deployfile names it.
func (i *Inspection) locateRefusal(step *resolver.StepError) error {
	err, number := i.refusedBy(step)
	switch {
	case err == nil:
		return nil
	case number >= 0 && err.Secret != "":
		return at(i.File, &hinted{err, err.hint()}, "environment", "indexes", fmt.Sprint(number), "secret")
	case number >= 0:
		return at(i.File, &hinted{err, err.hint()}, "environment", "indexes", fmt.Sprint(number), "url")
	case err.Secret != "": // the mirror of a build argument
		return &hinted{err, err.hint()}
	}
	index := i.env.indexes[slices.IndexFunc(i.env.indexes, func(x resolver.Index) bool { return x.Name == err.Index })]
	return at(i.File, &hinted{err, fmt.Sprintf("a file of requirements names it; declare it with its credential: [[environment.indexes]] with name = \"NAME\", url = %q, secret = \"NAME\", and %s", index.URL, secretFlag("NAME"))}, "environment")
}
