package main

import (
	"encoding/json"
	"os"
)

// report is all that was measured.
type report struct {
	Machine      machine       `json:"machine"`
	Measurements []measurement `json:"measurements"`

	// What is learned on the way to Machine.
	buildkit, uv string
}

func (r *report) writeJSON(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
