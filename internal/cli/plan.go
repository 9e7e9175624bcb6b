package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/llb"
	"github.com/spf13/cobra"
)

// planOptions are the flags of the plan command.
type planOptions struct {
	inputFlags
	sizesFlags
	graph string
}

func planCommand(s streams) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan [CONTEXT]",
		Short: "Print what a build would make",
		Long: `Print what a build would make, without making it: the base, the layers in their
order with the wheels in each, the model's files, the start command and the
image's config. On a terminal it is a table of the layers; elsewhere, or with --json,
JSON with all of it, a document for each platform. --graph draws the layers instead.

--sizes says where the bytes are: the base, what each requirement brings, the
model, and the layers; for packages the size of their wheels, which are fetched,
and that of their files. Nothing is fetched for it but the wheels' lists of files.
It is a tree for people, JSON with --json, and with --format html a page with a
treemap and, if --compare names another lock or image, what changed.`,
		Example: `  deployfile plan
  deployfile plan --json | jq '.layers[].name'
  deployfile plan --graph dot | dot -Tsvg > plan.svg
  deployfile plan --graph mermaid
  deployfile plan --sizes
  deployfile plan --sizes --format html --compare registry.example.com/iris:1 > sizes.html`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, closed, err := o.project(args)
			if err != nil {
				return err
			}
			defer closed()
			return plan(cmd.Context(), s, directory, o)
		},
		ValidArgsFunction: directories,
	}
	o.inputFlags.add(cmd.Flags(), s)
	o.addLocked(cmd.Flags())
	o.sizesFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&o.graph, "graph", "", "draw the layers in a `LANGUAGE`: dot (Graphviz) or mermaid")
	completeFlag(cmd, "format", cobra.FixedCompletions([]cobra.Completion{formatTable, formatJSON, formatHTML}, cobra.ShellCompDirectiveNoFileComp))
	completeFlag(cmd, "graph", cobra.FixedCompletions([]cobra.Completion{graphDot, graphMermaid}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func plan(ctx context.Context, s streams, dir string, o planOptions) error {
	if o.graph != "" && o.graph != graphDot && o.graph != graphMermaid {
		return &usageError{fmt.Errorf("--graph: %q is neither dot nor mermaid", o.graph)}
	}
	if err := o.sizesFlags.check(o.graph, terminal.Is(s.text)); err != nil {
		return err
	}
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	if o.sizes {
		return o.printSizes(ctx, s, p)
	}
	plans, err := o.files(ctx, s, p, frontend.OutputPlan, nil)
	if err != nil {
		return err
	}
	if o.graph != "" && len(plans) > 1 {
		return &usageError{errors.New("--graph draws one platform: give --platform")}
	}
	for n, name := range slices.Sorted(maps.Keys(plans)) {
		if err := o.print(s, plans[name], n > 0); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// print writes the plan of a platform, after those of others.
func (o *planOptions) print(s streams, data []byte, more bool) error {
	if o.graph == "" && o.format == formatJSON {
		s.events.result(json.RawMessage(data))
		_, err := s.out.Write(data)
		return err
	}
	var plan llb.Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return err
	}
	if o.graph != "" {
		_, err := s.out.Write(drawPlan(&plan, o.graph))
		return err
	}
	if more {
		fmt.Fprintln(s.text)
	}
	return planTable(s.text, &plan, terminal.Width(s.text, 120))
}
