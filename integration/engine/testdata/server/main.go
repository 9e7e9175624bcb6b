// Command server stands in for a model's server: it answers /ping as MLflow's
// does, tells what it sees of its container, and can misbehave, as MODE says:
// "crash" ends it at once, "unready" makes /ping fail, "deaf" makes it listen
// nowhere.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	fmt.Println("loading model", os.Getenv("VERSION"))
	switch os.Getenv("MODE") {
	case "crash":
		fmt.Fprintln(os.Stderr, "ModuleNotFoundError: No module named 'sklearn'")
		// containerd's shim closes the log of both streams with the first that
		// ends; an interpreter takes this long to end, too.
		time.Sleep(100 * time.Millisecond)
		os.Exit(3)
	case "deaf":
		time.Sleep(time.Hour)
	}
	if port := os.Getenv("PORT"); port == os.Getenv("SHUN") {
		fmt.Println("that port is not for me:", port)
		os.Exit(5)
	}
	if os.Getenv("PORT") == os.Getenv("SLOW") {
		time.Sleep(time.Minute)
	}
	if wait, err := time.ParseDuration(os.Getenv("STARTUP")); err == nil {
		time.Sleep(wait)
	}
	http.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("MODE") == "unready" {
			http.Error(w, "no model", http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getenv("VERSION"))
	})
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Second)
		fmt.Fprint(w, os.Getenv("VERSION"))
	})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, os.Getenv(r.URL.Query().Get("name")))
	})
	http.HandleFunc("/identity", func(w http.ResponseWriter, _ *http.Request) {
		status, _ := os.ReadFile("/proc/self/status")
		for _, line := range strings.Split(string(status), "\n") {
			for _, key := range []string{"Uid:", "Gid:", "CapEff:", "CapBnd:", "NoNewPrivs:"} {
				if strings.HasPrefix(line, key) {
					fmt.Fprintln(w, strings.Join(strings.Fields(line)[:2], " "))
				}
			}
		}
		for _, folder := range []string{"/", "/tmp"} {
			err := os.WriteFile(folder+"/written", nil, 0o600)
			fmt.Fprintf(w, "write %s: %t\n", folder, err == nil)
		}
	})
	http.HandleFunc("/who", func(w http.ResponseWriter, _ *http.Request) {
		groups, _ := os.Getgroups()
		slices.Sort(groups)
		fmt.Fprintf(w, "%d:%d %v", os.Getuid(), os.Getgid(), groups)
	})
	http.HandleFunc("/limits", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "memory %s\ncpu %g\n", limit("memory/memory.limit_in_bytes", "memory.max"), cores())
	})
	http.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(4) })
	s := &http.Server{Addr: ":" + os.Getenv("PORT")}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		fmt.Println("ending")
		done <- s.Shutdown(context.Background())
	}()
	fmt.Println("listening on", s.Addr)
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-done
}

// limit reads a file of the control group, of version 1 or 2.
func limit(files ...string) string {
	for _, file := range files {
		if text, err := os.ReadFile("/sys/fs/cgroup/" + file); err == nil {
			return strings.TrimSpace(string(text))
		}
	}
	return "unknown"
}

func cores() float64 {
	var quota, period float64
	text := limit("cpu/cpu.cfs_quota_us", "cpu.max")
	if _, err := fmt.Sscan(text, &quota, &period); err != nil {
		fmt.Sscan(text+" "+limit("cpu/cpu.cfs_period_us"), &quota, &period)
	}
	return quota / period
}
