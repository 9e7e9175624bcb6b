package modelstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/modelsource"
	bkllb "github.com/moby/buildkit/client/llb"
)

// lfsVersion is the version of a file that Git LFS has.
const lfsVersion = "lfs"

// The pointer that git has in place of a file of Git LFS (docs/spec.md there).
var (
	pointerVersion = []byte("version https://git-lfs.github.com/spec/")
	pointerHash    = regexp.MustCompile(`(?m)^oid sha256:([0-9a-f]{64})$`)
	pointerSize    = regexp.MustCompile(`(?m)^size ([0-9]{1,15})$`)
)

// parsePointer returns the hash and the size that a pointer says; ok is false for another
// file.
func parsePointer(data []byte) (sum string, size int64, ok bool) {
	sums, sizes := pointerHash.FindSubmatch(data), pointerSize.FindSubmatch(data)
	if !bytes.HasPrefix(data, pointerVersion) || sums == nil || sizes == nil {
		return "", 0, false
	}
	size, err := strconv.ParseInt(string(sizes[1]), 10, 64)
	return string(sums[1]), size, err == nil
}

// lfs is the Git LFS server of a repository.
type lfs struct {
	name    modelsource.GitName
	options Options
	// pinned are the files that it has, as a lock says.
	pinned []string

	mu sync.Mutex
	at *lfsServer
}

// lfsServer is where it is, and the client with the user's credential.
type lfsServer struct {
	client *client
	url    string
}

// server finds the server, once.
func (l *lfs) server(ctx context.Context) (*lfsServer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at != nil {
		return l.at, nil
	}
	address := l.name.LFS()
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	repository, err := url.Parse(l.name.URL)
	if err != nil {
		return nil, err
	}
	if repository.Scheme == "ssh" {
		repository = u
	}
	headers, err := l.credential(ctx, repository)
	if err != nil {
		return nil, err
	}
	c, err := newClient(u, headers, nil, advice{
		credential: "give git a credential for it: a credential helper, or ~/.netrc", authority: "SSL_CERT_FILE",
	})
	if err == nil {
		l.at = &lfsServer{client: c, url: address}
	}
	return l.at, err
}

// credential returns the user's credential for an address: that of ~/.netrc, else what
// git's own configuration or helpers say, as git sends it there.
func (l *lfs) credential(ctx context.Context, u *url.URL) (http.Header, error) {
	h, err := netrcHeaders(u, l.options)
	if err != nil || len(h) > 0 {
		return h, err
	}
	g := git{dir: os.TempDir()}
	if out, err := g.run(ctx, "config", "--get-urlmatch", "http.extraHeader", u.String()); err == nil {
		if name, value, ok := strings.Cut(strings.TrimSpace(string(out)), ":"); ok && strings.EqualFold(name, authorization) {
			h.Set(authorization, strings.TrimSpace(value))
			return h, nil
		}
	}
	asked, err := credentialQuestion(u)
	if err != nil {
		return h, err
	}
	out, err := g.ask(ctx, asked, "-c", "core.askPass=", "credential", "fill")
	if err != nil {
		return h, ctx.Err() // there is none, and none may be needed
	}
	found := map[string]string{}
	for line := range strings.SplitSeq(string(out), "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			found[name] = value
		}
	}
	if found["password"] != "" {
		h.Set(authorization, basic(found["username"], found["password"]))
	}
	return h, nil
}

// credentialQuestion is what git is asked for the credential of an address. A line break in
// a part of it would name another host, whose credential would go to this one.
func credentialQuestion(u *url.URL) (string, error) {
	for _, part := range []string{u.Scheme, u.Host, u.Path} {
		if terminal.Obeys(part) {
			return "", fmt.Errorf("the address of the repository has a control character in %q", part)
		}
	}
	return fmt.Sprintf("protocol=%s\nhost=%s\npath=%s\n\n", u.Scheme, u.Host, strings.TrimPrefix(u.Path, "/")), nil
}

// open opens a file at the address that the server says.
func (l *lfs) open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	s, err := l.server(ctx)
	if err != nil {
		return nil, 0, err
	}
	type object struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	}
	asked, err := json.Marshal(map[string]any{"operation": "download", "transfers": []string{"basic"}, "objects": []object{{f.SHA256, f.Size}}})
	if err != nil {
		return nil, 0, err
	}
	var answer struct {
		Objects []struct {
			Actions struct {
				Download struct {
					Href   string            `json:"href"`
					Header map[string]string `json:"header"`
				} `json:"download"`
			} `json:"actions"`
			Error *struct {
				Code    int    `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		} `json:"objects"`
	}
	err = s.client.json(ctx, fmt.Sprintf("the object of Git LFS of %q", f.Path), func() (*http.Request, error) {
		req, err := http.NewRequest(http.MethodPost, s.url+"/objects/batch", bytes.NewReader(asked))
		if err == nil {
			req.Header.Set("Accept", lfsType)
			req.Header.Set("Content-Type", lfsType)
		}
		return req, err
	}, &answer)
	if err != nil {
		return nil, 0, err
	}
	if len(answer.Objects) != 1 {
		return nil, 0, fmt.Errorf("%s: the answer is not about one object of Git LFS", s.client.host)
	}
	o := answer.Objects[0]
	if o.Error != nil {
		return nil, 0, &statusError{Host: s.client.host, What: fmt.Sprintf("the object %s of Git LFS", f.SHA256), Status: o.Error.Code, Reason: quotedReason(o.Error.Message)}
	}
	if u, err := url.Parse(o.Actions.Download.Href); err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, 0, errors.New("the address that Git LFS names is not http or https")
	}
	return s.client.get(ctx, fmt.Sprintf("%q", f.Path), o.Actions.Download.Href, o.Actions.Download.Header, offset)
}

const lfsType = "application/vnd.git-lfs+json"

// access returns how a step fetches the files, and BuildKit the commit.
func (l *lfs) access(ctx context.Context) (*modelsource.Access, error) {
	s, err := l.server(ctx)
	if err != nil {
		return nil, err
	}
	a := &modelsource.Access{LFS: s.url, Headers: s.client.stepHeaders(), Session: map[string]string{}}
	u, err := url.Parse(l.name.URL)
	if credential := s.client.headers.Get(authorization); err == nil && u.Scheme != "ssh" && credential != "" {
		a.Session[gitHeader+u.Host] = credential
	}
	return a, err
}

// gitHeader is the beginning of the ids of BuildKit's secrets with headers of hosts.
const gitHeader = bkllb.GitAuthHeaderKey + "."
