package main

import (
	"context"
	"fmt"
	"os"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/spf13/pflag"
)

// buildFlags are the flags that every command that builds has.
type buildFlags struct {
	file, builder, progress  string
	contexts                 map[string]string
	args, labels             map[string]string
	platforms, secrets, ssh  []string
	cacheFrom, cacheTo       []string
	noCache, locked          bool
}

func (f *buildFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&f.file, "file", "f", "", `the Deployfile (default "CONTEXT/Deployfile")`)
	flags.StringVar(&f.builder, "builder", os.Getenv("BUILDKIT_HOST"), "address of a BuildKit")
	flags.StringVar(&f.progress, "progress", "auto", "auto, plain, tty, quiet or rawjson")
	flags.StringToStringVar(&f.contexts, "build-context", nil, "named build context, NAME=VALUE")
	flags.StringToStringVar(&f.args, "build-arg", nil, "build argument, NAME=VALUE")
	flags.StringToStringVar(&f.labels, "label", nil, "label of the image, NAME=VALUE")
	flags.StringSliceVar(&f.platforms, "platform", nil, "platforms, such as linux/arm64")
	flags.StringArrayVar(&f.secrets, "secret", nil, "secret, id=ID[,src=FILE|,env=VARIABLE]")
	flags.StringArrayVar(&f.ssh, "ssh", nil, "SSH agent or keys, default|ID[=SOCKET|KEY]")
	flags.StringArrayVar(&f.cacheFrom, "cache-from", nil, "cache to read, as buildx has it")
	flags.StringArrayVar(&f.cacheTo, "cache-to", nil, "cache to write, as buildx has it")
	flags.BoolVar(&f.noCache, "no-cache", false, "run every step")
	flags.BoolVar(&f.locked, "locked", false, "fail unless there is a lock that fits")
}

func (f *buildFlags) options(dir, target string) build.Options {
	args := map[string]string{}
	for k, v := range f.args {
		args[k] = v
	}
	if f.locked {
		args["DEPLOYFILE_LOCKED"] = "1"
	}
	if e := os.Getenv("SOURCE_DATE_EPOCH"); e != "" && args["SOURCE_DATE_EPOCH"] == "" {
		args["SOURCE_DATE_EPOCH"] = e
	}
	return build.Options{
		Context: dir, File: f.file, Target: target,
		Platforms: f.platforms, Args: args, Labels: f.labels, Contexts: f.contexts,
		Secrets: f.secrets, SSH: f.ssh, CacheFrom: f.cacheFrom, CacheTo: f.cacheTo,
		NoCache: f.noCache, Progress: f.progress, Log: os.Stderr,
	}
}

func (f *buildFlags) find(ctx context.Context) (*builder.Builder, error) {
	return builder.Find(ctx, builder.Options{Address: f.builder})
}

func contextDir(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

var _ = fmt.Sprint
