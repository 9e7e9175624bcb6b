package resolver

import (
	"errors"
	"testing"
)

func TestCheckIndexes(t *testing.T) {
	for _, tt := range []struct {
		names []string
		// want is what the last name is mistaken for, "" if for nothing.
		want string
	}{
		{[]string{"corp", "public", "corp2"}, ""},
		{[]string{"corp-a", "public", "corp.a"}, "corp-a"},
		{[]string{"corp_a", "Corp-A"}, "corp_a"},
		{[]string{"model.1", "model-1"}, "model.1"},
		{[]string{"corpa", "corp-a"}, ""},
	} {
		var indexes []Index
		for _, n := range tt.names {
			indexes = append(indexes, Index{Name: n})
		}
		got := ""
		var same *IndexNameError
		if err := CheckIndexes(indexes); errors.As(err, &same) {
			got = same.Other
			if last := tt.names[len(tt.names)-1]; same.Name != last {
				t.Errorf("%q: the error is about %q", tt.names, same.Name)
			}
		} else if err != nil {
			t.Error(err)
		}
		if got != tt.want {
			t.Errorf("%q: mistaken for %q, want %q", tt.names, got, tt.want)
		}
	}
}
