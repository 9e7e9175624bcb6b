// Command flavours logs a tiny model of each of MLflow's flavours with real MLflow,
// builds it with nothing but deployfile init, and compares the image's answer with
// MLflow's own. It writes docs/flavours.md.
//
//	make flavours                            # all, which takes hours
//	make flavours FLAVOURS="catboost spacy"  # these; the others keep their results
//
// Models are in models/: a script for each, which says what it needs (PEP 723).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// The files of the matrix, relative to the repository.
const (
	models   = "bench/flavours/models"
	ending   = ".flavour.py"
	results  = "bench/flavours/results.json"
	document = "docs/flavours.md"
)

// result is what came of one flavour.
type result struct {
	// MLflow is the version that logged the model, Package the flavour's own with its
	// version.
	MLflow  string `json:"mlflow"`
	Package string `json:"package,omitempty"`
	// Size is that of the unpacked image, its base too, in bytes, as plan --sizes has it.
	Size int64 `json:"size,omitempty"`
	// Seconds pass from deployfile predict to the answer, with the image built.
	Seconds float64 `json:"seconds,omitempty"`
	// Failure is why it does not work, "" if it does.
	Failure string `json:"failure,omitempty"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "flavours:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	keep := flag.String("keep", "", "a directory in which projects and logs are kept")
	flag.Parse()
	names := flag.Args()
	all, err := flavours()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = all
	}
	known := map[string]result{}
	data, err := os.ReadFile(results)
	if err == nil {
		err = json.Unmarshal(data, &known)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w, err := newWorkshop(ctx, *keep)
	if err != nil {
		return err
	}
	defer w.close()
	failed := 0
	for _, name := range names {
		if !slices.Contains(all, name) {
			return fmt.Errorf("there is no flavour %q: there are %s", name, strings.Join(all, ", "))
		}
		r := w.try(ctx, name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fmt.Printf("%-22s %s\n", name, r)
		if r.Failure != "" {
			failed++
		}
		known[name] = r
		// At once, so that what was found out is kept whatever comes.
		if err := write(known); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d flavours do not work", failed, len(names))
	}
	return nil
}

// flavours are the names of all, in order.
func flavours() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(models, "*"+ending))
	for n, f := range files {
		files[n] = strings.TrimSuffix(filepath.Base(f), ending)
	}
	return files, err
}

func write(known map[string]result) error {
	data, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(results, append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(document, markdown(known), 0o644)
}
