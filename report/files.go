package report

// Init is what init prints.
type Init struct {
	// File is the Deployfile that was written.
	File string `json:"file"`
	// Source is the model as the Deployfile names it.
	Source string `json:"source"`
	// Resolved is what that stands for now, if the model is in a store.
	Resolved string `json:"resolved,omitempty"`
}

// Edit is what add and remove print.
type Edit struct {
	// File is the Deployfile.
	File string `json:"file"`
	// Changed reports whether it was written.
	Changed bool `json:"changed"`
	// Changes says for each argument what was done, a phrase each.
	Changes []string `json:"changes"`
}

// Directory is what env and eject print.
type Directory struct {
	// Directory is the directory that was made.
	Directory string `json:"directory"`
}

// Server is what run prints when the server answers.
type Server struct {
	// URL is where it is reached.
	URL string `json:"url"`
}

// Prune is what builder prune prints.
type Prune struct {
	// Freed is the number of bytes, and Address the builder's.
	Freed   int64  `json:"freed"`
	Address string `json:"address"`
}

// Stop is what builder stop prints.
type Stop struct {
	// Stopped reports whether the builder ran.
	Stopped bool `json:"stopped"`
}
