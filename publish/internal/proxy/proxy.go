// Package proxy serves an endpoint on this machine whose own address wants credentials.
package proxy

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/publish"
)

// Serve serves POST /invocations and GET /ping at a free port of the loopback until the
// endpoint is closed; the end of ctx does not end it. A page in the user's browser gets
// nothing of the user's credentials: what a browser sends on behalf of another site is
// refused, and so is what came here by another name than the address.
func Serve(ctx context.Context, invocations, ping http.HandlerFunc) (*publish.Endpoint, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	routes := http.NewServeMux()
	routes.HandleFunc("POST /invocations", invocations)
	routes.HandleFunc("GET /ping", ping)
	server := &http.Server{Handler: http.NewCrossOriginProtection().Handler(at(address, routes)), ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return &publish.Endpoint{
		URL: "http://" + address,
		Close: func() error {
			err := server.Close()
			<-ended
			return err
		},
	}, nil
}

// Body reads the body of a request. It answers one that is larger than limit, in bytes, with
// 413 and the reason; ok is false then, and if the client has gone.
func Body(w http.ResponseWriter, r *http.Request, limit int64, reason string) (body []byte, ok bool) {
	body, err := untrusted.ReadAll(r.Body, "the request", limit)
	if untrusted.Refused(err) {
		http.Error(w, err.Error()+reason, http.StatusRequestEntityTooLarge)
	}
	return body, err == nil
}

// Status returns the status of an answer that goes on with the one that a model's server has
// given: 502 if that is none of an answer.
func Status(given int) int {
	if given < http.StatusOK || given > 599 {
		return http.StatusBadGateway
	}
	return given
}

// at refuses requests to another name than the address or localhost, such as one that an
// attacker's name server has led here.
func at(address string, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(address)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != address && r.Host != net.JoinHostPort("localhost", port) {
			http.Error(w, "this server answers at "+address+" alone", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
