package deployfile

import (
	"fmt"
	"regexp"
	"strings"
)

// argument is a reference ${NAME}; with a further $ in front it stands for
// itself.
var argument = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// declaredArgs returns the values of [args], with those that the build gives in
// place of the defaults.
func declaredArgs(tree map[string]any, given map[string]string) map[string]string {
	args := map[string]string{}
	table, _ := tree["args"].(map[string]any)
	for name, value := range table {
		args[name], _ = value.(string)
		if v, ok := given[name]; ok {
			args[name] = v
		}
	}
	return args
}

// expand puts the values of arguments into a string of the file.
func (r *report) expand(s string, path []string) string {
	if len(path) > 0 && path[0] == "args" || !strings.Contains(s, "${") {
		return s
	}
	return argument.ReplaceAllStringFunc(s, func(reference string) string {
		if strings.HasPrefix(reference, "$$") {
			return reference[1:]
		}
		name := reference[2 : len(reference)-1]
		value, ok := r.args[name]
		if !ok {
			r.atValue(Problem{"unknown-arg", fmt.Sprintf("%s refers to an argument %s that is not declared", describe(path), name),
				fmt.Sprintf("declare it with its default, below [args]: %s = \"\"; or write $${%s} for the text itself", name, name)}, path...)
		}
		return value
	})
}

// substitute puts the values of arguments into a string, and reports nothing.
func (r *report) substitute(s string) string {
	return argument.ReplaceAllStringFunc(s, func(reference string) string {
		if strings.HasPrefix(reference, "$$") {
			return reference[1:]
		}
		return r.args[reference[2:len(reference)-1]]
	})
}
