package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/spf13/cobra"
)

// addCompletion adds cobra's command completion, with the installation beside the
// scripts that it prints.
func addCompletion(root *cobra.Command, s streams) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.AddCommand(completionInstallCommand(root, s))
		}
	}
}

// shellFile is where a shell of a user looks for the completion of a command.
type shellFile struct {
	shell string
	// variable is the environment's directory of the user, home what it is without it.
	variable, home string
	file           string
	write          func(root *cobra.Command, to *bytes.Buffer) error
	// then is what the user has to do besides; it has the file's directory.
	then string
}

// shellFiles are the places of bash-completion 2.2 and later, of fish, and for zsh,
// which has none for a user, the one that distributions have for all users.
func shellFiles() []shellFile {
	return []shellFile{
		{"bash", "XDG_DATA_HOME", ".local/share", "bash-completion/completions/deployfile", func(root *cobra.Command, to *bytes.Buffer) error {
			return root.GenBashCompletionV2(to, true)
		}, "bash reads it where the package bash-completion is; a new shell has it"},
		{"fish", "XDG_CONFIG_HOME", ".config", "fish/completions/deployfile.fish", func(root *cobra.Command, to *bytes.Buffer) error {
			return root.GenFishCompletion(to, true)
		}, "a new shell has it"},
		{"zsh", "XDG_DATA_HOME", ".local/share", "zsh/site-functions/_deployfile", func(root *cobra.Command, to *bytes.Buffer) error {
			return root.GenZshCompletion(to)
		}, "put before compinit in ~/.zshrc, unless it is there: fpath=(%s $fpath)"},
	}
}

func completionInstallCommand(root *cobra.Command, s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "install [SHELL]",
		Short: "Write the completion to where the shell looks for it",
		Long: `Write the completion script of bash, fish or zsh to where that shell looks for a
user's own, and print the file. Without SHELL it is the one of the variable SHELL.
Repeat it after an update of deployfile.`,
		Example: `  deployfile completion install
  deployfile completion install zsh`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: []cobra.Completion{"bash", "fish", "zsh"},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return installCompletion(root, s, args[0])
			}
			shell := os.Getenv("SHELL")
			if shell == "" {
				return &usageError{errors.New("completion install: the variable SHELL is empty: name the shell")}
			}
			return installCompletion(root, s, filepath.Base(shell))
		},
	}
}

func installCompletion(root *cobra.Command, s streams, shell string) error {
	var known []string
	for _, f := range shellFiles() {
		known = append(known, f.shell)
		if f.shell != shell {
			continue
		}
		dir := os.Getenv(f.variable)
		// A relative one is to be ignored: XDG Base Directory Specification.
		if !filepath.IsAbs(dir) {
			home, err := os.UserHomeDir()
			if err != nil {
				return err
			}
			dir = filepath.Join(home, f.home)
		}
		var script bytes.Buffer
		if err := f.write(root, &script); err != nil {
			return err
		}
		file := filepath.Join(dir, filepath.FromSlash(f.file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := build.WriteFile(file, script.Bytes()); err != nil {
			return err
		}
		then := f.then
		if f.shell == "zsh" {
			then = fmt.Sprintf(then, filepath.Dir(file))
		}
		fmt.Fprintf(s.text, "%s\n", file)
		fmt.Fprintf(s.err, "%s\n", then)
		return nil
	}
	return &usageError{fmt.Errorf("completion install: no place is known for the shell %q, only for %s: deployfile completion powershell prints the script of PowerShell", shell, suggest.Alternatives(known))}
}
