package untrusted

// CheckYAML counts what creates the nodes of a YAML document, in one pass, and
// returns a *StructureError beyond the limit: brackets and commas, and dashes,
// question marks and colons before white space. Every node of YAML's block and
// flow styles needs one of these (YAML 1.2.2, chapters 7 and 8) and none
// creates more than three. Those in quotes and in block scalars count as well,
// because only the parser can tell them apart.
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
