package deployfile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// commentKey names a type, or a field of one.
type commentKey struct{ typeName, field string }

// docComments reads the doc comments of the struct types in Go sources and of
// their fields, each as one line for every paragraph.
func docComments(sources ...string) (map[commentKey]string, error) {
	comments := map[commentKey]string{}
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		addComments(comments, file)
	}
	return comments, nil
}

func addComments(comments map[commentKey]string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		declaration, ok := n.(*ast.GenDecl)
		if !ok || declaration.Tok != token.TYPE {
			return true
		}
		for _, spec := range declaration.Specs {
			typeSpec := spec.(*ast.TypeSpec)
			comments[commentKey{typeSpec.Name.Name, ""}] = unwrapped(declaration.Doc)
			structType, ok := typeSpec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range structType.Fields.List {
				for _, name := range field.Names {
					comments[commentKey{typeSpec.Name.Name, name.Name}] = unwrapped(field.Doc)
				}
			}
		}
		return false
	})
}

func unwrapped(group *ast.CommentGroup) string {
	var paragraphs []string
	for paragraph := range strings.SplitSeq(group.Text(), "\n\n") {
		paragraphs = append(paragraphs, strings.Join(strings.Fields(paragraph), " "))
	}
	return strings.TrimSpace(strings.Join(paragraphs, "\n"))
}
