package deployfile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// longestEndpoint is how long the name of an endpoint may be.
const longestEndpoint = 50

// fillDefaults sets the keys that the text leaves out to what their tags say.
func (f *File) fillDefaults() {
	f.index.fill(nil, reflectOf(f))
	for name, t := range f.Targets {
		if t.Spec != nil {
			f.index.fill([]string{"targets", name}, structIn(t.Spec))
		}
	}
}

// complete sets what depends on other keys. It runs after the validation, which
// has refused what was written as zero or empty.
func (f *File) complete() {
	f.Model.Name = modelNameOf(f)
	for name, t := range f.Targets {
		t.Name = name
		t.Endpoint = endpointOf(f, t)
		t.Image = repositoryOf(f, t)
		t.Port = cmp.Or(t.Port, f.Server.Port)
		t.complete()
		f.Targets[name] = t
	}
}

func (t *Target) complete() {
	if formats := t.Needs().Formats; len(formats) > 0 {
		t.Format = cmp.Or(t.Format, formats[0])
	}
	if c, ok := t.Spec.(Completer); ok {
		c.Complete()
	}
}

// Complete fills in the defaults of a target that was not parsed, as Parse does:
// zero keys count as left out.
func (t *Target) Complete() {
	x := index{root: nodesOf(*t)}
	x.fill(nil, structIn(t.Spec))
	t.complete()
}

// fill sets the defaults that the tags of a table's keys say, and those of the
// tables in it.
func (x index) fill(path []string, table reflect.Value) {
	for _, k := range keysOf(table.Type()) {
		at, v := join(path, k.name), k.in(table)
		if k.standard != "" && !x.has(at) {
			setStandard(k, v)
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() == reflect.Struct {
			x.fill(at, v)
		}
	}
}

// setStandard sets a value to the default of its key.
func setStandard(k key, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(k.standard)
		return
	case reflect.Int:
		if n, err := strconv.Atoi(k.standard); err == nil {
			v.SetInt(int64(n))
			return
		}
	case reflect.Bool:
		if b, err := strconv.ParseBool(k.standard); err == nil {
			v.SetBool(b)
			return
		}
	}
	panic(fmt.Sprintf("deployfile: %q is not a default of key %s", k.standard, k.name))
}

// reflectOf returns the table of what a pointer leads to.
func reflectOf[T any](table *T) reflect.Value { return reflect.ValueOf(table).Elem() }

// structIn returns the struct that has the keys.
func structIn(s Spec) reflect.Value { return reflect.ValueOf(s).Elem() }

// modelNameOf returns the name that the model has or gets.
func modelNameOf(f *File) string {
	return cmp.Or(f.Model.Name, ModelName(lastPart(f.Model.Source)))
}

// lastPart returns the last part of a source's path that is a name: not a version, and
// without a revision. It is "iris" of "model/iris", "models:/iris/3",
// "models:/iris@champion" and "hf://org/iris@main".
func lastPart(source string) string {
	source = path.Clean(source)
	if !IsURI(source) {
		return path.Base(source)
	}
	source, _, _ = strings.Cut(source, "#")
	source, _, _ = strings.Cut(source, "?")
	parts := strings.Split(source, "/")
	for _, part := range slices.Backward(parts[1:]) {
		part, _, _ = strings.Cut(part, "@")
		part, _, _ = strings.Cut(part, ":")
		if strings.Trim(part, "0123456789") != "" {
			return part
		}
	}
	return ""
}

// firstRepository returns the repository of the first tag, or "".
func firstRepository(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	named, err := reference.ParseNormalizedNamed(tags[0])
	if err != nil {
		return ""
	}
	return reference.FamiliarName(named)
}

// endpointOf returns the endpoint name that a target has or gets.
func endpointOf(f *File, t Target) string {
	return cmp.Or(t.Endpoint, endpointName(modelNameOf(f)+"-"+t.Name))
}

// repositoryOf returns the repository that a target has or gets, "" for none. A
// target with an image store of its own needs no registry in between.
func repositoryOf(f *File, t Target) string {
	if t.Needs().Store != StoreNone {
		return t.Image
	}
	return cmp.Or(t.Image, firstRepository(f.Image.Tags))
}

// endpointName makes the nearest endpoint name of any text: a DNS label that
// starts with a letter and is at most 50 characters long, so that a Service
// can have it with a suffix. Of a text that is longer, the end is replaced by a
// hash of the whole.
func endpointName(given string) string {
	const hashLength = 8
	name := ModelName(given)
	if name[0] <= '9' {
		name = "model-" + name
	}
	if len(name) <= longestEndpoint {
		return name
	}
	hash := sha256.Sum256([]byte(given))
	name = strings.TrimRight(name[:longestEndpoint-1-hashLength], "-")
	return name + "-" + hex.EncodeToString(hash[:])[:hashLength]
}
