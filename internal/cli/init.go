package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/report"
	"github.com/distribution/reference"
	"github.com/spf13/cobra"
)

// initOptions are the flags of the init command.
type initOptions struct {
	directory, file, syntax string
	force, asJSON           bool
}

// The frontend image that a Deployfile names for buildx, and the page that has
// every key.
const (
	frontendImage = "ghcr.io/deployfile/frontend:1"
	everyKey      = "https://github.com/deployfile/deployfile/blob/main/Deployfile.example"
)

func initCommand(s streams) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [MODEL]",
		Short: "Write a Deployfile for a model",
		Long: `Write a Deployfile for the MLflow model in the directory MODEL, by default "model",
or for one elsewhere that MODEL names: models:/iris@champion, runs:/RUN/model, oci://….
The directory must be below that of the Deployfile, which is the one at hand unless
--file says otherwise. If it has no model, those below it that have one are named. The
name and the version are those of the registry that the model was downloaded from, if
it says so. No builder is needed.`,
		Example: `  deployfile init
  deployfile init artifacts/model
  deployfile init -C iris model
  deployfile init models:/iris@champion
  deployfile init --syntax registry.example.com/deployfile/frontend:1`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: directories,
		RunE: func(cmd *cobra.Command, args []string) error {
			model := "model"
			if len(args) > 0 {
				model = args[0]
			}
			if !filepath.IsAbs(model) && !isModelURI(model) {
				model = filepath.Join(o.directory, model)
			}
			o.file = build.Options{Context: o.directory, File: o.file}.FilePath()
			return initialise(cmd.Context(), s, model, o)
		},
	}
	cmd.Flags().StringVarP(&o.directory, "directory", "C", ".", "the `DIRECTORY` that MODEL is in, and that the Deployfile is written to")
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "the `FILE` to write (default: Deployfile in the directory)")
	cmd.Flags().StringVar(&o.syntax, "syntax", frontendImage, "the frontend `IMAGE` that buildx pulls, such as one in your own registry")
	addJSON(cmd.Flags(), &o.asJSON)
	cmd.Flags().BoolVar(&o.force, "force", false, "write over a file that is there")
	return cmd
}

func initialise(ctx context.Context, s streams, modelDir string, o initOptions) error {
	if _, err := reference.ParseNormalizedNamed(o.syntax); err != nil {
		return &usageError{fmt.Errorf("--syntax: %q: %w", o.syntax, err)}
	}
	if _, err := os.Lstat(o.file); err == nil && !o.force {
		return fmt.Errorf("%s is there already; write over it with --force", o.file)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, err := filepath.Abs(filepath.Dir(o.file))
	if err != nil {
		return err
	}
	if isModelURI(modelDir) {
		return initialiseURI(ctx, s, modelDir, o)
	}
	source, err := sourceBelow(dir, modelDir)
	if err != nil {
		return err
	}
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		return err
	}
	defer files.Close()
	var warnings []mlmodel.Warning
	model, err := untrusted.Wait(ctx, func() (m *mlmodel.Model, err error) {
		if m, warnings, err = mlmodel.Read(files, source); err == nil {
			err = mlmodel.CheckFiles(files, source)
		}
		return m, err
	})
	if err != nil {
		return orElsewhere(ctx, files, o.again, err)
	}
	text, err := firstDeployfile(o.syntax, deployfile.ModelName(cmp.Or(model.RegisteredName, filepath.Base(dir))), source, model)
	if err != nil {
		return err
	}
	if _, _, err := deployfile.Parse(o.file, text, kinds.All()); err != nil {
		return fmt.Errorf("the model's directory cannot be named in a Deployfile: %w", err)
	}
	if err := build.WriteFile(o.file, text); err != nil {
		return err
	}
	s.warn(modelProblems(warnings)...)
	if len(model.Refused) > 0 {
		refused := mlmodel.RefusedError(model.Refused)
		s.warn(faultProblem(deployfile.SeverityWarning, refused, refused))
	}
	if w := platformWarning(machine()); w != "" {
		s.warn(messageProblem(deployfile.SeverityWarning, w))
	}
	return s.wrote(report.Init{File: o.file, Source: source}, o)
}

// wrote says what init has written.
func (s streams) wrote(r report.Init, o initOptions) error {
	if o.asJSON {
		return s.result(r)
	}
	if r.Resolved != "" {
		fmt.Fprintf(s.text, "%s is %s now\n", r.Source, r.Resolved)
	}
	_, err := fmt.Fprintf(s.text, "wrote %s\nnext: deployfile lock, then deployfile run\n", r.File)
	return err
}

// again returns the command that takes a model below the directory of the Deployfile,
// "" if a shell would have to quote something of it.
func (o initOptions) again(model string) string {
	words := []string{"deployfile", "init"}
	if o.directory != "." {
		words = append(words, "-C", o.directory)
	}
	if o.file != filepath.Join(o.directory, deployfile.DefaultName) {
		words = append(words, "-f", o.file)
		if rel, err := filepath.Rel(o.directory, filepath.Join(filepath.Dir(o.file), model)); err == nil {
			model = filepath.ToSlash(rel)
		}
	}
	if o.syntax != frontendImage {
		words = append(words, "--syntax", o.syntax)
	}
	if o.force {
		words = append(words, "--force")
	}
	if strings.HasPrefix(model, "-") {
		return "" // it would be a flag
	}
	return command(append(words, model))
}

// platformWarning says what a machine makes that is not like most clusters.
func platformWarning(machine string) string {
	if machine != "linux/arm64" {
		return ""
	}
	return `this machine builds for linux/arm64, and most clusters are linux/amd64: for one of these, write platforms = ["linux/amd64"] in [image]`
}

// sourceBelow returns a directory as a Deployfile in dir names it.
func sourceBelow(dir, modelDir string) (string, error) {
	abs, err := filepath.Abs(modelDir)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(dir, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("the model %s is not below %s, where the Deployfile would be; a build reads nothing outside of it", modelDir, dir)
	}
	return filepath.ToSlash(rel), nil
}

// firstDeployfile returns what init writes: what reads the file, the two keys that say
// which model it is, and what the model says of itself.
func firstDeployfile(syntax, name, source string, m *mlmodel.Model) ([]byte, error) {
	var b bytes.Buffer
	widest := "source"
	if m.RegisteredVersion != "" {
		widest = "version"
	}
	b.WriteString(firstLines(syntax) + "[model]\n")
	for _, line := range []struct{ key, value string }{{"name", name}, {"version", m.RegisteredVersion}, {"source", source}} {
		if line.value == "" {
			continue
		}
		value, err := tomlString(line.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%-*s = %s\n", len(widest), line.key, value)
	}
	b.WriteByte('\n')
	b.WriteString("# What the model says of itself, and what is taken unless this file says\n# otherwise:\n")
	for _, line := range []struct{ name, value string }{
		{"flavors", strings.Join(m.Flavors, ", ")},
		{"logged by", loggedBy(m)},
		{"Python", m.Python},
		{"requirements", countRequirements(m)},
		{"input example", inputExample(source, m)},
	} {
		if line.value != "" {
			fmt.Fprintf(&b, "#   %-14s %s\n", line.name, inComment(line.value))
		}
	}
	return b.Bytes(), nil
}

// firstLines are those before the first table: what reads the file, and what it may say.
func firstLines(syntax string) string {
	return fmt.Sprintf("# syntax=%s\n#:schema %s\n# Every key: %s\n\n", syntax, deployfile.SchemaURL, everyKey)
}

// tomlString returns a text as TOML has it on one line.
func tomlString(text string) (string, error) {
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(map[string]string{"v": text})
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), "v = "), "\n"), err
}

// inComment returns a text that ends no comment and that reads as it is: what a model
// says is quoted where it has a character that cannot be seen, or would pass for
// quoted.
func inComment(text string) string {
	if utf8.ValidString(text) && !strings.HasPrefix(text, `"`) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}

func loggedBy(m *mlmodel.Model) string {
	if m.MLflowVersion == "" {
		return "MLflow"
	}
	return "MLflow " + m.MLflowVersion
}

func countRequirements(m *mlmodel.Model) string {
	if len(m.Requirements) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, in %s", len(m.Requirements), m.Requirements[0].File)
}

func inputExample(source string, m *mlmodel.Model) string {
	if m.ServingInput == "" {
		return "none, so a build can only verify that the server starts"
	}
	return path.Join(source, m.ServingInput)
}
