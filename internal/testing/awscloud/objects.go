package awscloud

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// timestamp is how the protocol writes a time.
func timestamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func text(in map[string]any, key string) string {
	s, _ := in[key].(string)
	return s
}

func tagsOf(in map[string]any) (out []tag) {
	list, _ := in["Tags"].([]any)
	for _, item := range list {
		fields, _ := item.(map[string]any)
		out = append(out, tag{text(fields, "Key"), text(fields, "Value")})
	}
	return out
}

// create adds a model or a configuration.
func (c *Cloud) create(all map[string]*object, kind, called, name string, in map[string]any) (string, error) {
	if all[name] != nil {
		return "", invalid("Cannot create already existing %s %q.", called, all[name].arn)
	}
	o := &object{name: name, arn: c.arn(kind, name), tags: tagsOf(in), created: c.now, seen: c.requests + c.Stale + 1}
	if len(o.tags) > 50 {
		return "", invalid("too many tags: %d", len(o.tags))
	}
	o.body = maps.Clone(in)
	delete(o.body, "Tags")
	all[name] = o
	return o.arn, nil
}

// look returns what is there and was there for long enough to be seen.
func (c *Cloud) look(all map[string]*object, called, name string) (*object, error) {
	o := all[name]
	if o == nil || o.seen > c.requests {
		return nil, invalid("Could not find %s %q.", called, name)
	}
	return o, nil
}

func (c *Cloud) createModel(in map[string]any) (any, error) {
	container, _ := in["PrimaryContainer"].(map[string]any)
	if c.Pull != nil {
		if err := c.Pull(text(container, "Image")); err != nil {
			return nil, invalid("%v", err)
		}
	}
	if source := sourceOf(&object{body: in}); source != "" {
		if objects, err := c.below(source); err != nil || len(objects) == 0 {
			return nil, invalid("Could not find model data at %s. %v", source, err)
		}
	}
	arn, err := c.create(c.models, "model", "model", text(in, "ModelName"), in)
	return map[string]any{"ModelArn": arn}, err
}

func (c *Cloud) describeModel(in map[string]any) (any, error) {
	o, err := c.look(c.models, "model", text(in, "ModelName"))
	if err != nil {
		return nil, err
	}
	out := maps.Clone(o.body)
	out["ModelArn"], out["CreationTime"] = o.arn, timestamp(o.created)
	return out, nil
}

// deleteModel allows what SageMaker allows, and reports a model in use.
func (c *Cloud) deleteModel(in map[string]any) (any, error) {
	name := text(in, "ModelName")
	if c.models[name] == nil {
		return nil, invalid("Could not find model %q.", c.arn("model", name))
	}
	for _, e := range c.endpoints {
		for _, config := range []string{e.config, e.pending} {
			if o := c.configs[config]; o != nil && slices.Contains(modelsOf(o), name) && e.status != "Deleting" {
				c.mistake("model %s is deleted, which endpoint %s uses", name, e.name)
			}
		}
	}
	delete(c.models, name)
	return nil, nil
}

func (c *Cloud) listModels(in map[string]any) (any, error) {
	var names []string
	for name, o := range c.models {
		if strings.Contains(name, text(in, "NameContains")) && (o.seen <= c.requests || !c.StaleLists) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	limit := 10
	if n, ok := in["MaxResults"].(float64); ok {
		limit = int(n)
	}
	first, _ := strconv.Atoi(text(in, "NextToken"))
	out := map[string]any{}
	models := []any{}
	for i, name := range names {
		if i >= first && len(models) < limit {
			o := c.models[name]
			models = append(models, map[string]any{"ModelName": name, "ModelArn": o.arn, "CreationTime": timestamp(o.created)})
		}
	}
	if first+limit < len(names) {
		out["NextToken"] = fmt.Sprint(first + limit)
	}
	out["Models"] = models
	return out, nil
}

// modelsOf returns the models of a configuration.
func modelsOf(config *object) (out []string) {
	for _, v := range variantsOf(config) {
		out = append(out, text(v, "ModelName"))
	}
	return out
}

func variantsOf(config *object) (out []map[string]any) {
	for _, key := range []string{"ProductionVariants", "ShadowProductionVariants"} {
		list, _ := config.body[key].([]any)
		for _, item := range list {
			v, _ := item.(map[string]any)
			out = append(out, v)
		}
	}
	return out
}

func (c *Cloud) createConfig(in map[string]any) (any, error) {
	for _, v := range variantsOf(&object{body: in}) {
		m, err := c.look(c.models, "model", text(v, "ModelName"))
		if err != nil {
			return nil, err
		}
		if v["ServerlessConfig"] != nil && sourceOf(m) != "" {
			return nil, invalid("ModelDataSource is not supported for serverless endpoints.")
		}
	}
	arn, err := c.create(c.configs, "endpoint-config", "endpoint configuration", text(in, "EndpointConfigName"), in)
	return map[string]any{"EndpointConfigArn": arn}, err
}

func (c *Cloud) describeConfig(in map[string]any) (any, error) {
	o, err := c.look(c.configs, "endpoint configuration", text(in, "EndpointConfigName"))
	if err != nil {
		return nil, err
	}
	out := maps.Clone(o.body)
	out["EndpointConfigArn"], out["CreationTime"] = o.arn, timestamp(o.created)
	return out, nil
}

func (c *Cloud) deleteConfig(in map[string]any) (any, error) {
	name := text(in, "EndpointConfigName")
	if c.configs[name] == nil {
		return nil, invalid("Could not find endpoint configuration %q.", c.arn("endpoint-config", name))
	}
	for _, e := range c.endpoints {
		if (e.config == name || e.pending == name) && e.status != "Deleting" {
			c.mistake("configuration %s is deleted, which endpoint %s uses", name, e.name)
		}
	}
	delete(c.configs, name)
	return nil, nil
}

// tagged returns the tags of a resource.
func (c *Cloud) tagged(arn string) (*[]tag, error) {
	for _, all := range []map[string]*object{c.models, c.configs} {
		for _, o := range all {
			if o.arn == arn {
				return &o.tags, nil
			}
		}
	}
	for _, e := range c.endpoints {
		if e.arn == arn {
			return &e.tags, nil
		}
	}
	return nil, invalid("Could not find resource %q.", arn)
}

func (c *Cloud) addTags(in map[string]any) (any, error) {
	tags, err := c.tagged(text(in, "ResourceArn"))
	if err != nil {
		return nil, err
	}
	for _, t := range tagsOf(in) {
		*tags = slices.DeleteFunc(*tags, func(o tag) bool { return o.Key == t.Key })
		*tags = append(*tags, t)
	}
	if len(*tags) > 50 {
		return nil, invalid("too many tags: %d", len(*tags))
	}
	return map[string]any{"Tags": *tags}, nil
}

func (c *Cloud) listTags(in map[string]any) (any, error) {
	tags, err := c.tagged(text(in, "ResourceArn"))
	if err != nil {
		return nil, err
	}
	// In pages that are smaller than asked for, as is allowed.
	const page = 7
	first, _ := strconv.Atoi(text(in, "NextToken"))
	out := map[string]any{"Tags": append([]tag{}, (*tags)[min(first, len(*tags)):min(first+page, len(*tags))]...)}
	if first+page < len(*tags) {
		out["NextToken"] = fmt.Sprint(first + page)
	}
	return out, nil
}

func (c *Cloud) deleteTags(in map[string]any) (any, error) {
	tags, err := c.tagged(text(in, "ResourceArn"))
	if err != nil {
		return nil, err
	}
	keys, _ := in["TagKeys"].([]any)
	*tags = slices.DeleteFunc(*tags, func(t tag) bool { return slices.Contains(keys, any(t.Key)) })
	return nil, nil
}
