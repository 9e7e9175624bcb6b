package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// report has all measurements.
type report struct {
	Machine      machine       `json:"machine"`
	Measurements []measurement `json:"measurements"`
	Starts       []start       `json:"starts,omitempty"`
	Served       []served      `json:"served,omitempty"`
}

func readReport(file string) (*report, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &r, nil
}

func (r *report) writeJSON(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
