package deployfile

import "slices"

// ParseForTargets parses what the verbs need that build nothing: the targets with these
// names, or all of them if there are none, and what they take from [model], [server],
// [image] and [args]. Mistakes elsewhere are not reported, so that they keep nobody from
// seeing or rolling back what is deployed. Targets that are unknown are left to the
// caller: the file then has all targets.
func ParseForTargets(name string, data []byte, kinds []Kind, args map[string]string, targets []string) (*File, error) {
	r := newReport(name, data, kinds)
	r.given = args
	r.only = &targets
	file := r.parse()
	if _, errs := r.sorted(); len(errs) > 0 {
		return nil, errs
	}
	return file, nil
}

// part leaves of a decoded Deployfile what the verbs for some targets need.
func part(tree map[string]any, targets []string) {
	for key := range tree {
		if !slices.Contains([]string{"model", "server", "image", "args", "targets"}, key) {
			delete(tree, key)
		}
	}
	all, _ := tree["targets"].(map[string]any)
	if len(targets) == 0 || slices.ContainsFunc(targets, func(name string) bool { _, ok := all[name]; return !ok }) {
		return
	}
	for name := range all {
		if !slices.Contains(targets, name) {
			delete(all, name)
		}
	}
}
