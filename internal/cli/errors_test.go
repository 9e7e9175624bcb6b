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
	"github.com/deployfile/deployfile/internal/guarded"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/modelpack"
	"github.com/deployfile/deployfile/internal/pyenv"
	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/azureml"
	"github.com/deployfile/deployfile/publish/kubernetes"
	"github.com/deployfile/deployfile/publish/sagemaker"
	"github.com/deployfile/deployfile/publish/store/registry"
	record "github.com/deployfile/deployfile/record/v1"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/tools/go/packages"
)

// module is the prefix of the paths of this module's packages.
const module = "github.com/deployfile/deployfile/"

// filled makes an error of a type with a text in all of its fields, and returns the
// name of the type.
func filled[T any](text string) (string, error) {
	t, v := reflect.TypeFor[T](), new(T)
	hostile.Fill(v, text)
	name := strings.TrimPrefix(t.PkgPath(), module) + "." + t.Name()
	if err, ok := any(*v).(error); ok {
		return name, err
	}
	return name, any(v).(error)
}

// errorsWith returns an error of each type of the module that is one, by the name of
// the type, with a text in all of its fields. Of a type that this package cannot
// name, report knows no more than its text.
func errorsWith(text string) map[string]error {
	all := map[string]error{}
	for _, make := range []func(text string) (string, error){
		filled[build.LoopbackError],
		filled[build.NoFileError],
		filled[build.UsageError],
		filled[builder.DiskFullError],
		filled[builder.GoneError],
		filled[builder.NotFoundError],
		filled[deploy.AbortedError],
		filled[deploy.NotReachedError],
		filled[deploy.PlatformError],
		filled[deployfile.Errors],
		filled[deployfile.TargetError],
		filled[differentError],
		filled[frontend.AccessError],
		filled[frontend.ImageError],
		filled[frontend.MissingError],
		filled[frontend.Mistakes],
		filled[frontend.NoLockError],
		filled[frontend.StaleLockError],
		filled[image.BoundError],
		filled[image.CorruptError],
		filled[image.NotFoundError],
		filled[imageformat.LayerError],
		filled[imageformat.PlatformError],
		filled[invoke.RefusedError],
		filled[kubernetes.NamespaceError],
		filled[kubernetes.PermissionError],
		filled[kubernetes.QuotaError],
		filled[kubernetes.StrangeObjectError],
		filled[kubernetes.UnknownKindError],
		filled[lockChangeError],
		filled[mlmodel.MissingModelError],
		filled[mlmodel.NoPyfuncError],
		filled[mlmodel.SourceError],
		filled[modelpack.ArtifactError],
		filled[modelpack.FileError],
		filled[mlmodel.SourceErrors],
		filled[modelsource.UnknownError],
		filled[guarded.RefusedError],
		filled[pyenv.PlatformError],
		filled[publish.BusyError],
		filled[publish.ConflictError],
		filled[publish.LastRevisionError],
		filled[publish.NoRevisionError],
		filled[publish.NothingError],
		filled[publish.NotReadyError],
		filled[publish.OtherModelError],
		filled[publish.PendingError],
		filled[publish.UnreadyError],
		filled[azureml.APIError], filled[azureml.JobError],
		filled[sagemaker.APIError], filled[sagemaker.JobError],
		filled[record.VersionError],
		filled[registry.KeptError],
		filled[registryclient.ContentError],
		filled[registryclient.NoImageError],
		filled[resolver.BuildError],
		filled[resolver.EnvironmentError],
		filled[resolver.MissingLibraryError],
		filled[resolver.NoPythonError],
		filled[resolver.NoWheelError],
		filled[resolver.RequirementError],
		filled[resolver.StepError],
		filled[resolver.UnusedNameError],
		filled[untrusted.AnswerError],
		filled[untrusted.NotRegularError],
		filled[untrusted.OutsideError],
		filled[untrusted.StructureError],
		filled[untrusted.TooLargeError],
		filled[usageError],
		filled[verify.DifferentError],
	} {
		name, err := make(text)
		all[name] = err
	}
	for _, name := range unnamedErrors() {
		all[name] = errors.New(text)
	}
	return all
}

// unnamedErrors returns the types that this package cannot name.
func unnamedErrors() []string {
	return []string{
		"frontend.gatewayError",
		"frontend.hinted",
		"frontend.located",
		"internal/modelcache.corruptError",
		"internal/modelstore.brokenError",
		"internal/modelstore.changedError",
		"internal/modelstore.entryError",
		"internal/modelstore.statusError",
		"internal/modelstore.writeError",
		"internal/testing/awscloud.refusal",
		"internal/testing/azurecloud.refusal",
		"publish.endedError",
		"publish.lostError",
		"publish/docker.unavailableError",
	}
}

// Every type of error is listed above, so that it is reported with hostile text in
// its fields.
func TestEveryErrorTypeIsListed(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: "../.."}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	isError := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
	listed, seen := errorsWith(""), map[string]bool{}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatal(e)
		}
		dir := strings.TrimPrefix(p.PkgPath, module)
		for _, object := range p.TypesInfo.Defs {
			n, ok := object.(*types.TypeName)
			if !ok || n.IsAlias() || types.IsInterface(n.Type()) || !types.Implements(types.NewPointer(n.Type()), isError) {
				continue
			}
			key := dir + "." + n.Name()
			seen[key] = true
			switch {
			case listed[key] == nil:
				t.Errorf("%s is an error and not listed in errorsWith", key)
			case !slices.Contains(unnamedErrors(), key):
			case dir == "internal/cli", n.Exported() && !strings.Contains(dir, "/internal/"):
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

// No error brings an untrusted control character to the terminal, whichever way
// it is reported.
func TestEveryErrorIsPrintable(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(errorsWith(""))) {
		t.Run(name, func(t *testing.T) {
			for _, text := range hostile.Texts() {
				if !terminal.Obeys(text) {
					continue
				}
				err := errorsWith(text)[name]
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
		shown := reported(func(w *terminal.Writer) { (streams{err: w}).warn(warningsOf(warnings)...) })
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
