package modelstore

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/deployfile/deployfile/modelsource"
)

// distant is a bucket that answers with an error, and whose addresses can be signed.
type distant struct {
	fakeBucket
	err error
}

func (d *distant) stat(context.Context, string, string) (object, error) { return object{}, d.err }

func (d *distant) sign(_ context.Context, key, revision string, _ time.Duration) (string, error) {
	return "https://store.example.com/" + key + "?versionId=" + revision, nil
}

func (d *distant) headers(context.Context) (map[string]string, error) {
	return map[string]string{"Authorization": "Bearer t"}, nil
}

// TestAccessFromElsewhere sends the builder to a store that only it reaches, and nowhere if
// the store has answered that it is of no use.
func TestAccessFromElsewhere(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "https://store.example.com/iris/MLmodel?versionId=v1"},
		{&net.OpError{Op: "dial", Err: syscall.ENETUNREACH}, "https://store.example.com/iris/MLmodel?versionId=v1"},
		{&net.DNSError{IsNotFound: true}, "https://store.example.com/iris/MLmodel?versionId=v1"},
		{context.DeadlineExceeded, "https://store.example.com/iris/MLmodel?versionId=v1"},
		{errNoObject, "https://store.example.com/iris/MLmodel?versionId="},
		{errors.New("the credential does not allow it"), ""},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, ""},
	} {
		o := &objects{bucket: &distant{err: tt.err}, name: modelsource.ObjectsName{Scheme: "s3", Bucket: "models", Prefix: "iris/"}}
		got := ""
		a, err := o.Access(t.Context(), []File{{Path: "MLmodel", Revision: "v1"}})
		if a != nil {
			got = a.URLs["MLmodel"]
		}
		if a != nil && (a.URL != got || a.Headers["Authorization"] != "Bearer t") {
			t.Errorf("the headers %v go to %q", a.Headers, a.URL)
		}
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%v: %q, %v; want %q", tt.err, got, err, tt.want)
		}
	}
}
