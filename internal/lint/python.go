package lint

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
)

// endOfLife returns the month after which a minor version of CPython gets no
// fixes, from its release schedule (PEP 569, 596, 619, 664, 693, 719, 745).
func endOfLife(minor string) (year int, month time.Month, known bool) {
	switch minor {
	case "3.8":
		return 2024, time.October, true
	case "3.9":
		return 2025, time.October, true
	case "3.10":
		return 2026, time.October, true
	case "3.11":
		return 2027, time.October, true
	case "3.12":
		return 2028, time.October, true
	case "3.13":
		return 2029, time.October, true
	case "3.14":
		return 2030, time.October, true
	}
	return 0, 0, false
}

func pythonEndOfLife(in Input) []Finding {
	minor, at := in.python()
	year, month, known := endOfLife(minor)
	// time.Date takes a month 13 for the next January.
	if !known || in.Today.IsZero() || in.Today.Before(time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)) {
		return nil
	}
	return []Finding{{
		Message: fmt.Sprintf("Python %s has had no security fixes since %s %d", minor, month, year),
		Fix:     `python = "3.N" in [environment] chooses a later one, in which the model may work as it is; if not, it has to be trained with that`,
		Range:   at,
	}}
}

// python returns the minor version that the image gets, and the position that
// sets it.
func (in Input) python() (string, deployfile.Range) {
	if v := in.File.Environment.Python; v != "" {
		at, _ := in.File.Position("environment", "python")
		return v, at
	}
	locked, logged := "", ""
	if in.Lock != nil {
		locked = in.Lock.Base.PythonVersion
	}
	if in.Model != nil {
		if parts := strings.SplitN(in.Model.Python, ".", 3); len(parts) > 1 {
			logged = parts[0] + "." + parts[1]
		}
	}
	at, _ := in.File.Position("model", "source")
	return cmp.Or(locked, logged), at
}
