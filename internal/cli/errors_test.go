package cli

import (
	"bytes"
	"errors"
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/compare/verify"
	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/network"
	"github.com/deployfile/deployfile/internal/pyenv"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/kubernetes"
	"github.com/deployfile/deployfile/publish/registry"
	record "github.com/deployfile/deployfile/record/v1"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/tools/go/packages"
)

// filled is an error of a type with a text in all of its fields.
func filled[T any](text string) error {
	v := new(T)
	hostile.Fill(v, text)
	if err, ok := any(*v).(error); ok {
		return err
	}
	return any(v).(error)
}

// wordsAlone is an error of a type that this package cannot name, so that report
// knows no more of it than its words.
func wordsAlone(text string) error { return errors.New(text) }

// errorTypes have a constructor for each type of the module that is an error.
func errorTypes() map[string]func(text string) error {
	return map[string]func(text string) error{
		"build.NoFileError":                     filled[build.NoFileError],
		"frontend.MissingError":                 filled[frontend.MissingError],
		"resolver.MissingLibraryError":          filled[resolver.MissingLibraryError],
		"build.LoopbackError":                   filled[build.LoopbackError],
		"build.UsageError":                      filled[build.UsageError],
		"builder.DiskFullError":                 filled[builder.DiskFullError],
		"builder.GoneError":                     filled[builder.GoneError],
		"builder.NotFoundError":                 filled[builder.NotFoundError],
		"internal/network.RefusedError":         filled[network.RefusedError],
		"compare/image.BoundError":              filled[image.BoundError],
		"internal/cli.differentError":           filled[differentError],
		"internal/cli.lockError":                filled[lockError],
		"internal/cli.lockChangeError":          filled[lockChangeError],
		"internal/pyenv.PlatformError":          filled[pyenv.PlatformError],
		"internal/cli.usageError":               filled[usageError],
		"compare/image.CorruptError":            filled[image.CorruptError],
		"compare/image.NotFoundError":           filled[image.NotFoundError],
		"compare/verify.DifferentError":         filled[verify.DifferentError],
		"deploy.AbortedError":                   filled[deploy.AbortedError],
		"deploy.NotReachedError":                filled[deploy.NotReachedError],
		"deployfile.TargetError":                filled[deployfile.TargetError],
		"internal/invoke.RefusedError":          filled[invoke.RefusedError],
		"deployfile.Errors":                     filled[deployfile.Errors],
		"frontend.ImageError":                   filled[frontend.ImageError],
		"frontend.NoLockError":                  filled[frontend.NoLockError],
		"frontend.StaleLockError":               filled[frontend.StaleLockError],
		"frontend.located":                      wordsAlone,
		"frontend.gatewayError":                 wordsAlone,
		"frontend.hinted":                       wordsAlone,
		"internal/imageformat.LayerError":       filled[imageformat.LayerError],
		"internal/imageformat.PlatformError":    filled[imageformat.PlatformError],
		"internal/untrusted.AnswerError":        filled[untrusted.AnswerError],
		"internal/untrusted.NotRegularError":    filled[untrusted.NotRegularError],
		"internal/untrusted.OutsideError":       filled[untrusted.OutsideError],
		"internal/untrusted.StructureError":     filled[untrusted.StructureError],
		"internal/untrusted.TooLargeError":      filled[untrusted.TooLargeError],
		"mlmodel.MissingModelError":             filled[mlmodel.MissingModelError],
		"mlmodel.NoPyfuncError":                 filled[mlmodel.NoPyfuncError],
		"mlmodel.SourceError":                   filled[mlmodel.SourceError],
		"modelsource.UnknownError":              filled[modelsource.UnknownError],
		"publish.BusyError":                     filled[publish.BusyError],
		"publish.ConflictError":                 filled[publish.ConflictError],
		"publish.LastRevisionError":             filled[publish.LastRevisionError],
		"publish.NoRevisionError":               filled[publish.NoRevisionError],
		"publish.NotReadyError":                 filled[publish.NotReadyError],
		"publish.PendingError":                  filled[publish.PendingError],
		"publish.NothingError":                  filled[publish.NothingError],
		"publish.OtherModelError":               filled[publish.OtherModelError],
		"publish.UnreadyError":                  filled[publish.UnreadyError],
		"publish.lostError":                     wordsAlone,
		"publish/docker.unavailableError":       wordsAlone,
		"publish/kubernetes.NamespaceError":     filled[kubernetes.NamespaceError],
		"publish/kubernetes.PermissionError":    filled[kubernetes.PermissionError],
		"publish/kubernetes.QuotaError":         filled[kubernetes.QuotaError],
		"publish/kubernetes.StrangeObjectError": filled[kubernetes.StrangeObjectError],
		"publish/kubernetes.UnknownKindError":   filled[kubernetes.UnknownKindError],
		"publish/registry.KeptError":            filled[registry.KeptError],
		"publish/registry.NoImageError":         filled[registry.NoImageError],
		"record/v1.VersionError":                filled[record.VersionError],
		"resolver.BuildError":                   filled[resolver.BuildError],
		"resolver.EnvironmentError":             filled[resolver.EnvironmentError],
		"resolver.NoPythonError":                filled[resolver.NoPythonError],
		"resolver.NoWheelError":                 filled[resolver.NoWheelError],
		"resolver.RequirementError":             filled[resolver.RequirementError],
		"resolver.StepError":                    filled[resolver.StepError],
		"resolver.UnusedNameError":              filled[resolver.UnusedNameError],
	}
}

// Who adds a type of error says here how to make one, and so has it reported with
// what a stranger would write into it.
func TestEveryErrorTypeIsListed(t *testing.T) {
	const module = "github.com/deployfile/deployfile/"
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: "../.."}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	isError := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
	listed, seen := errorTypes(), map[string]bool{}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatal(e)
		}
		folder := strings.TrimPrefix(p.PkgPath, module)
		for _, object := range p.TypesInfo.Defs {
			n, ok := object.(*types.TypeName)
			if !ok || n.IsAlias() || types.IsInterface(n.Type()) || !types.Implements(types.NewPointer(n.Type()), isError) {
				continue
			}
			key := folder + "." + n.Name()
			seen[key] = true
			made, ok := listed[key]
			switch {
			case !ok:
				t.Errorf("%s is an error and not listed in errorTypes", key)
			case reflect.ValueOf(made).Pointer() != reflect.ValueOf(wordsAlone).Pointer():
			case folder == "internal/cli", n.Exported() && !strings.Contains(folder, "internal"):
				t.Errorf("%s can be named here", key)
			}
		}
	}
	for key := range listed {
		if !seen[key] {
			t.Errorf("%s is listed and there is no such type", key)
		}
	}
}

// No error brings a control character of a stranger to the terminal, whichever way
// it is reported.
func TestEveryErrorIsPrintable(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(errorTypes())) {
		made := errorTypes()[name]
		t.Run(name, func(t *testing.T) {
			for _, text := range hostile.Texts() {
				if !terminal.Obeys(text) {
					continue
				}
				err := made(text)
				source := &errdefs.Source{
					Info:   &pb.SourceInfo{Filename: text, Data: []byte("a\n" + text)},
					Ranges: []*pb.Range{{Start: &pb.Position{Line: 2}, End: &pb.Position{Line: 2, Character: 3}}},
				}
				for _, e := range []error{
					err, fmt.Errorf("while %q: %w", name, err), errors.Join(err, err), errdefs.WithSource(err, source),
					&usageError{err}, interrupted(&deploy.AbortedError{Err: err}),
				} {
					shown := reported(func(w *terminal.Writer) { printError(w, "deployfile "+text, e) })
					unprintable(t, shown)
					if name != "internal/cli.differentError" && shown == "" {
						t.Errorf("%#v says nothing", e)
					}
				}
				if shown := reported(func(w *terminal.Writer) { printError(w, "deployfile", &usageError{err}) }); shown != "" && !strings.Contains(shown, terminal.Printable(err.Error())) {
					t.Errorf("%q is reported as %q", err, shown)
				}
			}
		})
	}
}

// The same holds for what the frontend warns of.
func TestWarningsArePrintable(t *testing.T) {
	for _, text := range hostile.Texts() {
		warnings := []client.VertexWarning{{Short: []byte(text)}, {
			Short: []byte(text), Detail: [][]byte{[]byte(text)}, URL: text,
			SourceInfo: &pb.SourceInfo{Filename: text, Data: []byte(text)}, Range: []*pb.Range{{Start: &pb.Position{Line: 1}, End: &pb.Position{Line: 1}}},
		}}
		shown := reported(func(w *terminal.Writer) { printWarnings(w, warnings) })
		unprintable(t, shown)
		if strings.Count(shown, terminal.Printable(text)) < 2 {
			t.Errorf("%q is shown as %q", text, shown)
		}
	}
}

func reported(report func(*terminal.Writer)) string {
	var out bytes.Buffer
	report(terminal.NewWriter(&out))
	return out.String()
}

// unprintable fails on what a terminal would obey.
func unprintable(t *testing.T, shown string) {
	t.Helper()
	rest := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, shown)
	if strings.ContainsFunc(rest, unicode.IsControl) || terminal.Obeys(rest) {
		t.Errorf("a terminal would obey %q", shown)
	}
}
