package modelstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// netrcVariable names the file with the credentials of hosts, as for curl and git.
const netrcVariable = "NETRC"

// netrcHeaders returns the credential of an address's host in ~/.netrc. It goes to no
// address that others can read, and a host that the file does not name gets none:
// whoever wrote the address may be a stranger.
func netrcHeaders(u *url.URL, o Options) (http.Header, error) {
	h := http.Header{}
	name := o.Getenv(netrcVariable)
	if name == "" && o.Home != "" {
		name = filepath.Join(o.Home, ".netrc")
	}
	if name == "" || u.Scheme != "https" && !onLoopback(u.Host) {
		return h, nil
	}
	data, err := untrusted.ReadNamed(name, maxCredentials)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("netrc: %w", err)
	}
	if login, password, ok := netrcLogin(string(data), u.Hostname()); ok {
		h.Set(authorization, basic(login, password))
	}
	return h, nil
}

// netrcLogin returns the login and password of a host.
func netrcLogin(text, host string) (login, password string, ok bool) {
	// A macro goes on to the next empty line.
	var lines []string
	macro := false
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			macro = false
		case strings.HasPrefix(strings.TrimSpace(line), "macdef"):
			macro = true
		case !macro && !strings.HasPrefix(strings.TrimSpace(line), "#"):
			lines = append(lines, line)
		}
	}
	words := strings.Fields(strings.Join(lines, "\n"))
	for n := 0; n+1 < len(words); n++ {
		switch words[n] {
		case "default":
			if ok {
				return login, password, true
			}
		case "machine":
			if ok {
				return login, password, true
			}
			n++
			ok = strings.EqualFold(words[n], host)
		case "login":
			n++
			if ok {
				login = words[n]
			}
		case "password":
			n++
			if ok {
				password = words[n]
			}
		case "account":
			n++
		}
	}
	return login, password, ok
}
