package main

import _ "embed"

// The text around the tables.
var (
	//go:embed intro.md
	intro string
	//go:embed method.md
	method string
)
