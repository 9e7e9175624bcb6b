// Command server is a small stand-in for a model's server: it answers /ping, and
// everything else with the version that its environment says. By the name
// "python" it is the program of a batch: it scores a file of its own.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	run := serve
	if filepath.Base(os.Args[0]) == "python" {
		run = score
	}
	if err := run(); err != nil {
		fmt.Println("server:", err)
		os.Exit(1)
	}
}

func serve() error {
	version := os.Getenv("VERSION")
	if version == "crash" {
		return fmt.Errorf("the model of %s cannot be loaded", version)
	}
	if startup, err := time.ParseDuration(os.Getenv("STARTUP")); err == nil {
		time.Sleep(startup)
	}
	fmt.Println("version", version, "listens on port", os.Getenv("PORT"))
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) {
		if version == "never-ready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		// As long as a prediction takes.
		time.Sleep(10 * time.Millisecond)
		fmt.Fprint(w, version)
	})
	s := &http.Server{Addr: ":" + os.Getenv("PORT"), Handler: mux}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		<-end
		_ = s.Shutdown(context.Background())
	}()
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// score writes its input in capitals, as the program of package manifests
// writes predictions.
func score() error {
	input, err := os.ReadFile(os.Getenv("BATCH_INPUT"))
	if err != nil {
		return err
	}
	if strings.Contains(string(input), "nonsense") {
		return fmt.Errorf("the input is nonsense")
	}
	if strings.Contains(string(input), "killed") {
		fmt.Println("batch: 20000 rows")
		os.Exit(137)
	}
	output := []byte(strings.ToUpper(string(input)))
	fmt.Println("scored", len(input), "bytes")
	fmt.Println("-----BEGIN BATCH OUTPUT-----")
	fmt.Println(base64.StdEncoding.EncodeToString(output))
	fmt.Printf("-----END BATCH OUTPUT %x-----\n", sha256.Sum256(output))
	return nil
}
