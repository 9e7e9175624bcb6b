package untrusted

// CheckYAML counts what makes the nodes of a YAML text, in one pass, and returns
// a *StructureError where there are more than nodes of it: brackets and commas,
// and the dashes, question marks and colons that white space follows. Every node
// of YAML's block and flow styles takes one of these (YAML 1.2.2, chapters 7 and 8)
// and none makes more than three. Those in quotes and in block scalars count as
// well, because to tell them apart takes the parser.
func CheckYAML(data []byte, nodes int) error {
	count := 0
	for at, c := range data {
		switch c {
		case '[', '{', ',':
		case '-', '?', ':':
			if at+1 < len(data) && !blank(data[at+1]) {
				continue
			}
		default:
			continue
		}
		if count++; count > nodes {
			return &StructureError{Offset: at, Measure: Nodes, Limit: nodes}
		}
	}
	return nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
