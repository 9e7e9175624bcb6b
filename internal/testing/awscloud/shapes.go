package awscloud

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// description is a service's own description of its API, as botocore has it.
type description struct {
	Operations map[string]struct{ Input, Output *member }
	Shapes     map[string]*shape
}

type member struct{ Shape string }

// shape is a type of a description.
type shape struct {
	Type       string
	Members    map[string]member
	Required   []string
	Member     *member
	Key, Value *member
	Min, Max   *float64
	Pattern    string
	Enum       []string

	pattern *regexp.Regexp
}

// LoadShapes returns a check of requests and answers by AWS's descriptions of its services,
// for Cloud.Shapes. They are in the directory "data" of the Python package botocore.
func LoadShapes(data string) (func(operation string, input bool, body []byte) error, error) {
	services := map[string]*description{}
	for prefix, path := range map[string]string{"": "sagemaker/2017-07-24", "runtime": "sagemaker-runtime/2017-05-13", "ecr": "ecr/2015-09-21", "logs": "logs/2014-03-28", "scaling": "application-autoscaling/2016-02-06",
		"alarms": "cloudwatch/2010-08-01", "iam": "iam/2010-05-08", "sts": "sts/2011-06-15", "quotas": "service-quotas/2019-06-24"} {
		packed, err := os.ReadFile(filepath.Join(data, path, "service-2.json.gz"))
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		d := &description{}
		if err := json.NewDecoder(z).Decode(d); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, s := range d.Shapes {
			// The few that look ahead are no patterns of Go's: they are not checked.
			s.pattern, _ = regexp.Compile(`^(?:` + s.Pattern + `)$`)
		}
		services[prefix] = d
	}
	return func(operation string, input bool, body []byte) error {
		prefix, name, named := strings.Cut(operation, ":")
		if !named {
			prefix, name = "", operation
		}
		d := services[prefix]
		if d == nil {
			return nil
		}
		o, ok := d.Operations[name]
		if !ok {
			return fmt.Errorf("no operation %s", name)
		}
		m := o.Output
		if input {
			m = o.Input
		}
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			return err
		}
		if m == nil {
			if fields, ok := value.(map[string]any); !ok || len(fields) > 0 {
				return fmt.Errorf("nothing is expected, not %s", body)
			}
			return nil
		}
		return d.check(name, m.Shape, value)
	}, nil
}

// check checks a value at a path by a shape.
func (d *description) check(path, name string, value any) error {
	s := d.Shapes[name]
	wrong := func() error { return fmt.Errorf("%s: %v is no %s", path, value, s.Type) }
	switch s.Type {
	case "structure":
		fields, ok := value.(map[string]any)
		if !ok {
			return wrong()
		}
		return d.structure(path, s, fields)
	case "list":
		items, ok := value.([]any)
		if !ok {
			return wrong()
		}
		for i, item := range items {
			if err := d.check(fmt.Sprintf("%s[%d]", path, i), s.Member.Shape, item); err != nil {
				return err
			}
		}
		return s.within(path, float64(len(items)))
	case "map":
		fields, ok := value.(map[string]any)
		if !ok {
			return wrong()
		}
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			if err := d.check(path+" key", s.Key.Shape, key); err != nil {
				return err
			}
			if err := d.check(path+"."+key, s.Value.Shape, fields[key]); err != nil {
				return err
			}
		}
		return s.within(path, float64(len(fields)))
	case "string":
		text, ok := value.(string)
		if !ok {
			return wrong()
		}
		return s.text(path, text)
	case "boolean":
		if _, ok := value.(bool); !ok {
			return wrong()
		}
	case "integer", "long", "float", "double", "timestamp":
		n, ok := value.(float64)
		if !ok || strings.HasSuffix(s.Type, "g") && n != float64(int64(n)) || s.Type == "integer" && n != float64(int64(n)) {
			return wrong()
		}
		return s.within(path, n)
	}
	return nil
}

func (d *description) structure(path string, s *shape, fields map[string]any) error {
	for _, name := range s.Required {
		if _, ok := fields[name]; !ok {
			return fmt.Errorf("%s.%s is missing", path, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		m, ok := s.Members[name]
		if !ok {
			return fmt.Errorf("%s.%s is unknown", path, name)
		}
		if err := d.check(path+"."+name, m.Shape, fields[name]); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) text(path, text string) error {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		return fmt.Errorf("%s: %q is none of %d values", path, text, len(s.Enum))
	}
	if s.pattern != nil && s.Pattern != "" && !s.pattern.MatchString(text) {
		return fmt.Errorf("%s: %q does not match %s", path, text, s.Pattern)
	}
	return s.within(path, float64(utf8.RuneCountInString(text)))
}

func (s *shape) within(path string, n float64) error {
	if s.Min != nil && n < *s.Min || s.Max != nil && n > *s.Max {
		return fmt.Errorf("%s: %g is out of range", path, n)
	}
	return nil
}
