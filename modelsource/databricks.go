package modelsource

import (
	"path"
	"strings"
)

// The addresses of Databricks' Files API, before a path.
const (
	DatabricksFiles       = "/api/2.0/fs/files"
	DatabricksDirectories = "/api/2.0/fs/directories"
)

// InUnityCatalog reports whether a registered model's name is one of Unity Catalog,
// CATALOG.SCHEMA.NAME.
func InUnityCatalog(name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) == 3 && clean(strings.Join(parts, "/")) && !strings.Contains(name, "/")
}

// UnityCatalogFiles returns where Databricks' Files API has the files of a version of a
// model of Unity Catalog; ok is false for another name.
func UnityCatalogFiles(n MLflowName) (root string, ok bool) {
	if !InUnityCatalog(n.Name) || n.Version == "" {
		return "", false
	}
	return path.Join("/Models", strings.ReplaceAll(n.Name, ".", "/"), n.Version, n.Path), true
}
