package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/docker/go-units"
	"github.com/spf13/pflag"
)

// builderVariable is the environment's --builder, as buildx has BUILDX_BUILDER.
const builderVariable = "DEPLOYFILE_BUILDER"

// trustVariable is the environment's --trust-toolchain, separated by commas.
const trustVariable = "DEPLOYFILE_TRUST_TOOLCHAIN"

// builderFlags select the builder.
type builderFlags struct {
	name      string
	diskLimit byteSize
}

func (f *builderFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.name, "builder", "", "where to build: docker, embedded, or the `ADDRESS` of a BuildKit, such as unix:///run/buildkit/buildkitd.sock (default: "+builderVariable+", else BUILDKIT_HOST, else Docker's engine, else an embedded BuildKit)")
	f.addDiskLimit(flags)
}

func (f *builderFlags) addDiskLimit(flags *pflag.FlagSet) {
	f.diskLimit = byteSize(builder.DefaultDiskLimit)
	flags.Var(&f.diskLimit, "disk-limit", "how large the embedded builder's cache may be, a `SIZE`; takes effect when it starts")
}

func (f *builderFlags) options() builder.Options {
	o := builder.Options{DiskLimit: int64(f.diskLimit)}
	name := cmp.Or(f.name, os.Getenv(builderVariable), os.Getenv("BUILDKIT_HOST"))
	switch kind := builder.Kind(name); kind {
	case builder.Docker, builder.Embedded:
		o.Kind = kind
	default:
		o.Address = name
	}
	return o
}

func (f *builderFlags) find(ctx context.Context) (*builder.Builder, error) {
	return builder.Find(ctx, f.options())
}

// byteSize is a number of bytes, written as "20GB".
type byteSize int64

var _ pflag.Value = (*byteSize)(nil)

func (b *byteSize) String() string { return strings.ReplaceAll(units.HumanSize(float64(*b)), " ", "") }
func (b *byteSize) Type() string   { return "SIZE" }
func (b *byteSize) Set(text string) error {
	n, err := units.FromHumanSize(text)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is not a size such as 20GB", text)
	}
	*b = byteSize(n)
	return nil
}

// inputFlags select what a build reads; every command that builds has them.
type inputFlags struct {
	builderFlags
	place
	progress        string
	contexts, args  []string
	platforms       []string
	secrets, ssh    []string
	trust           []string
	cacheFrom       []string
	ulimits         []string
	resources       []string
	stepTimeout     time.Duration
	network         string
	noCache, locked bool
	noVerify        bool
	labels, cacheTo []string
	outputs         []build.Output
}

func (f *inputFlags) add(flags *pflag.FlagSet, s streams) {
	f.place.add(flags, s)
	flags.StringVar(&f.progress, "progress", "auto", "what is shown of the build, a `MODE`: auto, plain, tty, quiet or rawjson")
	inGroup(flags, inputGroup, f.addInputs)
	inGroup(flags, builderGroup, f.addBuilder)
}

func (f *inputFlags) addInputs(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.args, "build-arg", nil, "a build argument, `NAME=VALUE`")
	flags.StringArrayVar(&f.contexts, "build-context", nil, "a named build context, `NAME=VALUE`; base=… and toolchain=… replace those images, by docker-image://REF or oci-layout://DIRECTORY")
	flags.StringSliceVar(&f.platforms, "platform", nil, "a `PLATFORM` to build for, such as linux/arm64 (default: [image] platforms, else the builder's own)")
	flags.StringArrayVar(&f.secrets, "secret", nil, "a `SECRET`: id=ID[,src=FILE|,env=VARIABLE]")
	flags.StringArrayVar(&f.ssh, "ssh", nil, "an SSH agent or a `KEY`: default|ID[=SOCKET|KEY]")
	flags.StringArrayVar(&f.trust, "trust-toolchain", nil, "an `IMAGE` in which steps may have your credential of the model's store: REPOSITORY[@DIGEST] or REGISTRY/ (default: "+trustVariable+", separated by commas)")
}

func (f *inputFlags) addBuilder(flags *pflag.FlagSet) {
	f.builderFlags.add(flags)
	flags.StringArrayVar(&f.cacheFrom, "cache-from", nil, "a `CACHE` to read from, as buildx has it")
	flags.BoolVar(&f.noCache, "no-cache", false, "run every step again")
	flags.StringVar(&f.network, "network", "default", "the `NETWORK` of steps that fetch: default, which is not the builder's machine, host or none, as buildx has it")
	flags.StringArrayVar(&f.resources, "resource", nil, "a `LIMIT` of each step, as buildx has it: memory=4g, cpu-quota=50000, …")
	flags.DurationVar(&f.stepTimeout, "step-timeout", toolchain.DefaultTime, "the `TIME` that a step may take that fetches, or that runs a package's code")
	flags.StringArrayVar(&f.ulimits, "ulimit", nil, "a `LIMIT` of what runs in a step: nproc=N (processes) or data=BYTES (memory of one)")
}

// addCacheTo adds the flag of commands that may write a cache.
func (f *inputFlags) addCacheTo(flags *pflag.FlagSet) {
	inGroup(flags, builderGroup, func(flags *pflag.FlagSet) {
		flags.StringArrayVar(&f.cacheTo, "cache-to", nil, "a `CACHE` to write to, as buildx has it")
	})
}

// addLabels adds the flag of commands that may label the image.
func (f *inputFlags) addLabels(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.labels, "label", nil, "a label of the image, `NAME=VALUE`")
}

// addLocked adds the flag of commands that build from the lock.
func (f *inputFlags) addLocked(flags *pflag.FlagSet) {
	flags.BoolVar(&f.locked, "locked", false, "fail unless there is a lock that fits")
	flags.BoolVar(&f.noVerify, "no-verify", false, "do not start the image to see whether it answers")
}

// open reads the Deployfile of a directory.
func (f *inputFlags) open(ctx context.Context, dir string) (*build.Project, error) {
	args, err := f.buildArgs()
	if err != nil {
		return nil, err
	}
	source, err := f.read(ctx, dir)
	if err != nil {
		return nil, err
	}
	return build.ParseProject(dir, f.path(), source, args)
}

// openHere reads the Deployfile of --directory, to complete what a user types.
func (f *inputFlags) openHere(ctx context.Context) (*build.Project, error) {
	if f.given() {
		return nil, errors.New("standard input is the terminal")
	}
	return f.open(ctx, f.directory)
}

func (f *inputFlags) buildArgs() (map[string]string, error) {
	return pairs("build-arg", f.args, os.LookupEnv)
}

func (f *inputFlags) options(p *build.Project, target string, s streams) (build.Options, error) {
	o := build.Options{
		Context: p.Dir, File: p.Path, Target: target,
		Platforms: f.platforms,
		Secrets:   f.secrets, SSH: f.ssh, CA: p.File.Environment.CA,
		TrustToolchain: f.trusted(),
		CacheFrom:      f.cacheFrom, CacheTo: f.cacheTo, NoCache: f.noCache,
		Network: f.network, Ulimits: f.ulimits, Resources: f.resources,
		Outputs:  f.outputs,
		Progress: f.progress, Log: s.console, Stdout: s.out, Observe: s.events.observe(),
		Refreshed: func(changes []string) {
			fmt.Fprintf(s.err, "%s is written again: %s\n", filepath.Base(p.Path)+build.LockSuffix, strings.Join(changes, "; "))
		},
	}
	if f.given() {
		o.Source = p.Source
	}
	var err error
	if o.Args, err = f.buildArgs(); err != nil {
		return o, err
	}
	if f.locked {
		o.Args[frontend.ArgLocked] = "1"
	}
	if f.stepTimeout != toolchain.DefaultTime {
		o.Args[frontend.ArgStepTimeout] = f.stepTimeout.String()
	}
	if f.noVerify {
		o.Args[frontend.ArgVerify] = "0"
	}
	if e := os.Getenv("SOURCE_DATE_EPOCH"); e != "" && o.Args["SOURCE_DATE_EPOCH"] == "" {
		o.Args["SOURCE_DATE_EPOCH"] = e
	}
	if o.Labels, err = pairs("label", f.labels, nil); err != nil {
		return o, err
	}
	o.Contexts, err = pairs("build-context", f.contexts, nil)
	return o, err
}

// trusted are the images of --trust-toolchain, else of its variable.
func (f *inputFlags) trusted() []string {
	if len(f.trust) > 0 {
		return f.trust
	}
	return strings.FieldsFunc(os.Getenv(trustVariable), func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

// pairs reads NAME=VALUE; a name alone is looked up, if that can be done.
func pairs(flag string, values []string, lookup func(string) (string, bool)) (map[string]string, error) {
	out := map[string]string{}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		switch {
		case name == "" || !ok && lookup == nil:
			return nil, &build.UsageError{Option: flag, Err: fmt.Errorf("%q is not NAME=VALUE", v)}
		case ok:
			out[name] = value
		default:
			if value, ok := lookup(name); ok {
				out[name] = value
			}
		}
	}
	return out, nil
}

// context returns the directory that a build may read: the argument CONTEXT, or
// --directory.
func (f *inputFlags) context(args []string) (string, error) {
	switch {
	case len(args) > 0 && isModelURI(args[0]):
		return "", &usageError{fmt.Errorf("%s is a model, not a directory: write a Deployfile for it with deployfile init '%[1]s'", args[0])}
	case len(args) == 0:
		return f.directory, nil
	case f.directory != "." && f.directory != args[0]:
		return "", &usageError{fmt.Errorf("CONTEXT is %s, and --directory %s: give one of them", args[0], f.directory)}
	}
	return args[0], nil
}
