package build

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/builder"
	"github.com/docker/go-units"
)

// addLimits adds the limits of steps to the attributes of a build, named as in
// BuildKit's frontends: Options.Ulimits and Options.Resources, else the
// builder's default memory.
func addLimits(attrs map[string]string, b *builder.Builder, o Options) error {
	for _, text := range o.Ulimits {
		if _, err := units.ParseUlimit(text); err != nil {
			return &UsageError{Option: "ulimit", Err: err}
		}
	}
	if len(o.Ulimits) > 0 {
		attrs["ulimit"] = strings.Join(o.Ulimits, ",")
	}
	if b.StepMemory > 0 {
		attrs["memory"] = strconv.FormatInt(b.StepMemory, 10)
	}
	for _, text := range o.Resources {
		name, value, err := resource(text)
		if err != nil {
			return &UsageError{Option: "resource", Err: err}
		}
		attrs[name] = value
	}
	return nil
}

// resource parses NAME=VALUE, as docker run and buildx do.
func resource(text string) (attr, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || value == "" {
		return "", "", fmt.Errorf("%q is not NAME=VALUE, such as memory=4g", text)
	}
	switch name {
	case "memory", "memory-swap":
		var bytes int64
		if bytes, err = units.RAMInBytes(value); err == nil && bytes <= 0 {
			err = errors.New("it must be greater than 0")
		}
		value = strconv.FormatInt(bytes, 10)
	case "cpu-shares", "cpu-period", "cpu-quota":
		_, err = strconv.ParseInt(value, 10, 64)
	case "cpuset-cpus", "cpuset-mems":
	default:
		return "", "", fmt.Errorf("%q is not known: there are memory, memory-swap, cpu-shares, cpu-period, cpu-quota, cpuset-cpus and cpuset-mems", name)
	}
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", text, err)
	}
	if name == "memory-swap" {
		return "memswap", value, nil
	}
	return strings.ReplaceAll(name, "-", ""), value, nil
}
