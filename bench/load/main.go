// Command load starts the server of an image, sends it requests, and writes how many it
// answers, how soon, and how much memory it has by then. It runs in a step of the builder,
// beside the server.
//
// Usage: load SMALL LARGE RESULT PORT COMMAND...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/deployfile/deployfile/bench/internal/serving"
)

// clients are how many clients send requests at a time, one after another each.
var clients = []int{1, 8, 64}

// Each number of clients sends so long before and while it is measured.
const (
	warming   = time.Second
	measuring = 4 * time.Second
)

// patience is how long a server may take to its first answer.
const patience = 2 * time.Minute

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 5 {
		return errors.New("usage: load SMALL LARGE RESULT PORT COMMAND")
	}
	small, large, result, port, command := args[0], args[1], args[2], args[3], args[4:]
	server := exec.Command(command[0], command[1:]...)
	server.Stdout, server.Stderr = os.Stderr, os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := server.Start(); err != nil {
		return err
	}
	defer syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
	s, err := measure("http://127.0.0.1:"+port+"/invocations", small, large)
	if err != nil {
		return err
	}
	if s.Memory, err = memory(); err != nil {
		return err
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(result, data, 0o644)
}

func measure(url, small, large string) (s serving.Result, err error) {
	for _, x := range []struct{ name, file string }{{serving.Small, small}, {serving.Large, large}} {
		body, err := os.ReadFile(x.file)
		if err != nil {
			return s, err
		}
		first, err := firstAnswer(url, body)
		if err != nil {
			return s, err
		}
		s.Answers = append(s.Answers, string(first))
		for _, n := range clients {
			if _, _, err := send(url, body, first, n, warming); err != nil {
				return s, err
			}
			took, elapsed, err := send(url, body, first, n, measuring)
			if err != nil {
				return s, fmt.Errorf("%s bodies, %d clients: %w", x.name, n, err)
			}
			s.Rates = append(s.Rates, serving.NewRate(x.name, n, elapsed, took))
		}
	}
	return s, nil
}
