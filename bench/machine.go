package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/deployfile/deployfile/resolver"
)

// machine describes what the numbers depend on besides the code.
type machine struct {
	Date     string `json:"date"`
	Cores    int    `json:"cores"`
	MemoryGB int    `json:"memory-gb"`
	Kernel   string `json:"kernel"`
	BuildKit string `json:"buildkit"`
	UV       string `json:"uv"`
	MLflow   string `json:"mlflow"`
	// LoadMin and LoadMax are the lowest and highest one-minute load average at
	// the end of a measurement.
	LoadMin    float64 `json:"load-min"`
	LoadMax    float64 `json:"load-max"`
	Python     string  `json:"python"`
	Model      string  `json:"model"`
	Runs       int     `json:"runs"`
	BaseMB     float64 `json:"base-mb"`
	BaseLayers int     `json:"base-layers"`
}

// describe returns what is known before the measurements.
func describe(ctx context.Context, l *lab) (machine, error) {
	m := machine{
		Date:  time.Now().UTC().Format(time.DateOnly),
		Cores: runtime.NumCPU(),
		Model: l.model,
		Runs:  l.runs,
	}
	out, err := l.mlflow(ctx, l.dir, "-c", "import mlflow, platform; print(mlflow.__version__, platform.python_version())")
	if err != nil {
		return m, err
	}
	if _, err := fmt.Sscan(out, &m.MLflow, &m.Python); err != nil {
		return m, fmt.Errorf("the versions of MLflow and Python: %w", err)
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return m, err
	}
	m.Kernel = strings.TrimSpace(string(kernel))
	memory, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m, err
	}
	var kb int
	if _, err := fmt.Sscanf(string(memory), "MemTotal: %d kB", &kb); err != nil {
		return m, fmt.Errorf("/proc/meminfo: %w", err)
	}
	m.MemoryGB = (kb + 1<<19) >> 20
	base, err := l.bases.inspect(ctx, "base:1")
	m.BaseMB, m.BaseLayers = float64(base.Bytes)/1e6, len(base.Layers)
	return m, err
}

// seeLoad records the current load.
func (m *machine) seeLoad() error {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return err
	}
	var load float64
	if _, err := fmt.Sscan(string(data), &load); err != nil {
		return fmt.Errorf("/proc/loadavg: %w", err)
	}
	if m.LoadMax == 0 || load < m.LoadMin {
		m.LoadMin = load
	}
	m.LoadMax = max(m.LoadMax, load)
	return nil
}

// uvVersion returns the uv version locked in a project of deployfileWay, the
// newest one, so that the hand-tuned Dockerfile uses the same.
func uvVersion(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "Deployfile.lock"))
	if err != nil {
		return ""
	}
	lock, err := resolver.ParseLock(data)
	if err != nil || len(lock.UV) == 0 {
		return ""
	}
	version, _, _ := strings.Cut(strings.TrimPrefix(lock.UV[0].Filename, "uv-"), "-")
	return version
}
