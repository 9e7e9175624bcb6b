package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandGroup is a heading of the help, with the commands below it in the order
// in which they are needed.
type commandGroup struct {
	title    string
	commands []*cobra.Command
}

// helpWidth is the width of help in columns where there is no terminal, and the
// least and the most on one: longer lines are hard to read.
const (
	helpWidth    = 80
	minHelpWidth = 60
	maxHelpWidth = 110
)

// The headings of flags, in their order; most commands have them all.
const (
	flagGroup    = "Flags"
	inputGroup   = "Inputs"
	builderGroup = "Builder"
)

// groupAnnotation has the heading of a flag.
const groupAnnotation = "deployfile_group"

// inGroup adds flags that have a heading of their own in the help.
func inGroup(flags *pflag.FlagSet, title string, add func(*pflag.FlagSet)) {
	group := pflag.NewFlagSet("", pflag.ContinueOnError)
	group.SortFlags = false
	add(group)
	group.VisitAll(func(f *pflag.Flag) {
		// The flag exists, so this cannot fail.
		_ = group.SetAnnotation(f.Name, groupAnnotation, []string{title})
	})
	flags.AddFlagSet(group)
}

// explain prints what a command does and how it is used.
func explain(width func() int) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, _ []string) {
		text := cmd.Long
		if text == "" {
			text = cmd.Short
		}
		fmt.Fprintln(cmd.OutOrStdout(), reflow(text, width()))
		if cmd.Runnable() || cmd.HasSubCommands() {
			fmt.Fprintln(cmd.OutOrStdout())
			// It fails if the output does, and then nobody reads that.
			_ = cmd.Usage()
		}
	}
}

// reflow breaks the lines of paragraphs anew. A line that is indented stays.
func reflow(text string, width int) string {
	var out []string
	column := width // so that the first word begins a line
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line == "" || strings.HasPrefix(line, " ") {
			out, column = append(out, line), width
			continue
		}
		for _, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			if column+1+n > width {
				out, column = append(out, word), n
			} else {
				out[len(out)-1] += " " + word
				column += 1 + n
			}
		}
	}
	return strings.Join(out, "\n")
}

// usage prints how a command is used, in columns of the terminal: cobra's own has
// one list of all commands and one of all flags, and does not wrap.
func usage(groups []commandGroup, width func() int) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		w := cmd.OutOrStdout()
		fmt.Fprint(w, "Usage:\n")
		if cmd.Runnable() {
			fmt.Fprintf(w, "  %s\n", cmd.UseLine())
		}
		if cmd.HasAvailableSubCommands() {
			fmt.Fprintf(w, "  %s COMMAND\n", cmd.CommandPath())
		}
		if cmd.HasExample() {
			fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
		}
		if !cmd.HasParent() {
			rest := cmd.Commands()
			padding := longest(rest)
			for _, g := range groups {
				printCommands(w, g.title, g.commands, padding)
				rest = slices.DeleteFunc(slices.Clone(rest), func(c *cobra.Command) bool { return slices.Contains(g.commands, c) })
			}
			printCommands(w, "More", rest, padding)
		} else if cmd.HasAvailableSubCommands() {
			printCommands(w, "Commands", cmd.Commands(), longest(cmd.Commands()))
		}
		printFlags(w, cmd.LocalFlags(), width())
		if cmd.HasAvailableSubCommands() {
			fmt.Fprintf(w, "\n\"%s COMMAND --help\" explains a command.\n", cmd.CommandPath())
		}
		return nil
	}
}

// unknownFlag adds to an error about a flag the one that was probably meant.
func unknownFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := suggest.Closest(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())
}

// longest returns the length of the longest name that is shown.
func longest(commands []*cobra.Command) int {
	n := 0
	for _, c := range commands {
		if !c.Hidden {
			n = max(n, len(c.Name()))
		}
	}
	return n
}

func printCommands(w io.Writer, title string, commands []*cobra.Command, padding int) {
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, c := range commands {
		if !c.Hidden {
			fmt.Fprintf(w, "  %-*s  %s\n", padding, c.Name(), c.Short)
		}
	}
}

// printFlags prints the flags by their headings, those without one first.
func printFlags(w io.Writer, flags *pflag.FlagSet, width int) {
	sets := map[string]*pflag.FlagSet{}
	flags.VisitAll(func(f *pflag.Flag) {
		title := flagGroup
		if t := f.Annotations[groupAnnotation]; len(t) > 0 {
			title = t[0]
		}
		if sets[title] == nil {
			sets[title] = pflag.NewFlagSet("", pflag.ContinueOnError)
		}
		shown := *f
		if f.Value.Type() != "bool" {
			// The placeholder for no value is for programs.
			shown.NoOptDefVal = ""
		}
		sets[title].AddFlag(&shown)
	})
	for _, title := range []string{flagGroup, inputGroup, builderGroup} {
		if set := sets[title]; set != nil && set.HasAvailableFlags() {
			fmt.Fprintf(w, "\n%s:\n%s", title, trimRight(set.FlagUsagesWrapped(width)))
		}
	}
}

// trimRight removes the blanks at the ends of lines.
func trimRight(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
