// Package clouds has what the kinds of clouds render alike.
package clouds

import (
	"errors"
	"fmt"
	"reflect"

	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/manifests"
)

// Documents are those of a state.
type Documents []manifests.Document

// Add adds the body of a request, as YAML.
func (d *Documents) Add(name string, body any) error {
	text, err := encode(body)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*d = append(*d, manifests.Document{Name: name, Body: text})
	return nil
}

// encode returns a document as YAML. It fails if decoding does not give the same again: the
// library does not escape a few characters that readers take for line ends, and replaces
// what is not UTF-8.
func encode(body any) ([]byte, error) {
	text, err := yaml.Marshal(body)
	if err != nil {
		return nil, err
	}
	again := reflect.New(reflect.TypeOf(body))
	if err := yaml.Unmarshal(text, again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), body) {
		return nil, errors.New("it has a text that is another one in YAML, with a character such as U+0085 (next line) in it; take it out of the target's keys in the Deployfile")
	}
	return text, nil
}

// Weight returns the percentage of requests for a release while the next one, whose share
// as a canary it is given, is beside the live one: that share or what is left of it, and
// nothing for a preview.
func Weight(next manifests.Slot, share int, isNext bool) int {
	if next.Track != manifests.TrackCanary {
		share = 0
	}
	if isNext {
		return share
	}
	return 100 - share
}
