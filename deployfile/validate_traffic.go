package deployfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// traffic checks the keys that say how many instances there are and how
// requests reach them.
func (t *targetReport) traffic() {
	t.oneOf(t.Mode, modes(), t.at("mode")...)
	t.strategy()
	if t.Autoscale != nil {
		t.autoscale(*t.Autoscale)
	}
	if t.Ingress != nil && t.has("ingress") {
		t.ingress(*t.Ingress)
	}
	if t.HTTPRoute != nil && t.has("http-route") {
		t.route(*t.HTTPRoute)
	}
	t.minAvailable()
	t.drains()
	t.eachNamed(t.NetworkPolicy, t.like(allowFromPattern), `a namespace, or "*" for all`, "", "allow-from")
	if i := slices.Index(t.NetworkPolicy, anyNamespace); i >= 0 && len(t.NetworkPolicy) > 1 {
		path := t.at("allow-from", strconv.Itoa(i))
		t.atValue(problem{"conflict", describe(path) + ` "*" is all namespaces`, "leave out the others, or it"}, path...)
	}
}

// isServerless says whether the instances are Knative's.
func (t *targetReport) isServerless() bool {
	return t.Kind == "kserve" && (t.Mode == serverlessMode || t.Mode == "")
}

func (t *targetReport) strategy() {
	t.oneOf(t.Strategy, strategies(), t.at("strategy")...)
	if t.Kind == "kserve" && t.has("mode") && t.Mode != serverlessMode && t.has("strategy") && t.Strategy != defaultStrategy {
		t.atValue(problem{
			"conflict", fmt.Sprintf("%s %q is not for mode %q, in which KServe runs one release at a time", describe(t.at("strategy")), t.Strategy, t.Mode),
			fmt.Sprintf("leave out one of the two, or write: strategy = %q", defaultStrategy),
		}, t.at("strategy")...)
	}
	t.within(t.Weight, 1, 99, t.at("weight")...)
	if t.has("weight") && t.Strategy != canaryStrategy && !t.said(t.at("strategy")...) {
		t.atKey(problem{
			"misplaced-key", fmt.Sprintf("%s is only for strategy %q", describe(t.at("weight")), canaryStrategy),
			fmt.Sprintf("remove it, or write: strategy = %q", canaryStrategy),
		}, t.at("weight")...)
	}
}

func (t *targetReport) autoscale(a Autoscale) {
	if !t.has("autoscale") {
		return
	}
	t.required("it is the highest number of instances", "max = 4", "autoscale", "max")
	t.atLeastOne(a.Max, t.at("autoscale", "max")...)
	if t.isServerless() {
		t.atLeast(a.Min, 0, "", t.at("autoscale", "min")...)
	} else {
		t.atLeast(a.Min, 1, `only a target of kind "kserve" in mode "serverless" goes down to none`, t.at("autoscale", "min")...)
	}
	if t.has("autoscale", "min") && t.has("autoscale", "max") && a.Min > a.Max {
		t.atValue(problem{
			"conflict", fmt.Sprintf("%s is %d, more than max, which is %d", describe(t.at("autoscale", "min")), a.Min, a.Max), "",
		}, t.at("autoscale", "min")...)
	}
	t.within(a.CPU, 1, 100, t.at("autoscale", "cpu")...)
	t.atLeastOne(a.Concurrency, t.at("autoscale", "concurrency")...)
	t.measure()
	if t.has("replicas") {
		t.atKey(problem{
			"conflict", fmt.Sprintf("%s is set, so %s has no effect", describe(t.at("autoscale")), describe(t.at("replicas"))),
			"leave out one of the two",
		}, t.at("replicas")...)
	}
}

// measure checks that the autoscaler can measure what it is to follow.
func (t *targetReport) measure() {
	cpu, concurrency := t.at("autoscale", "cpu"), t.at("autoscale", "concurrency")
	switch {
	case t.said(t.at("mode")...):
	case t.isServerless() && t.has("autoscale", "cpu"):
		t.atKey(problem{
			"misplaced-key", fmt.Sprintf(`%s is not for mode "serverless"`, describe(cpu)),
			`write concurrency in its place, or: mode = "raw"`,
		}, cpu...)
	case t.Kind == "kserve" && !t.isServerless() && t.has("autoscale", "concurrency"):
		t.atKey(problem{
			"misplaced-key", fmt.Sprintf(`%s is only for mode "serverless"`, describe(concurrency)), "write cpu in its place, or leave out the mode",
		}, concurrency...)
	case slices.Contains([]string{"kubernetes", "kserve"}, t.Kind) && !t.isServerless() &&
		!t.index.has(t.at("resources", "cpu")) && !t.said(t.at("resources")...):
		t.atKey(problem{
			"missing-key", fmt.Sprintf("%s follows the use of the requested CPU, and none is requested", describe(t.at("autoscale"))),
			fmt.Sprintf("set %s", describe(t.at("resources", "cpu"))),
		}, t.at("autoscale")...)
	}
}

func (t *targetReport) ingress(i Ingress) {
	t.required("it is the name that the endpoint is reached by", `host = "`+t.exampleHost()+`"`, "ingress", "host")
	t.host(i.Host, "ingress", "host")
	t.urlPath(i.Path, "ingress", "path")
	t.object(i.Class, "ingress", "class")
	t.object(i.TLSSecret, "ingress", "tls-secret")
}

func (t *targetReport) route(h HTTPRoute) {
	t.required("it is the gateway that leads to the endpoint", `gateway = "gateways/public"`, "http-route", "gateway")
	t.named(h.Gateway, t.like(gatewayPattern), "a gateway, NAME or NAMESPACE/NAME", "", "http-route", "gateway")
	for i, host := range h.Hosts {
		t.host(host, "http-route", "hosts", strconv.Itoa(i))
	}
	t.eachNamed(h.Hosts, func(string) bool { return true }, "", "", "http-route", "hosts")
	t.urlPath(h.Path, "http-route", "path")
}

func (t *targetReport) exampleHost() string { return t.Name + ".example.com" }

func (t *targetReport) host(value string, keys ...string) {
	hint := fmt.Sprintf("for example %q or %q", t.exampleHost(), "*.example.com")
	if _, rest, isURL := strings.Cut(value, "://"); isURL {
		host, _, _ := strings.Cut(rest, "/")
		hint = fmt.Sprintf("leave out the scheme and the path: %q", host)
	}
	t.named(value, t.isHost, "a host name in lower case, with no port", hint, keys...)
}

func (t *targetReport) urlPath(value string, keys ...string) {
	if t.has(keys...) && !t.isURLPath(value) {
		t.atValue(problem{
			"invalid-path", fmt.Sprintf(`%s %q must be the path of a URL, with "/" in front and no empty parts, "." or ".."`, describe(t.at(keys...)), value), "",
		}, t.at(keys...)...)
	}
}

func (t *targetReport) minAvailable() {
	if path := t.at("min-available"); t.has("min-available") && !t.matches(minAvailablePattern, t.DisruptionBudget) {
		t.atValue(problem{
			"invalid-value", fmt.Sprintf(`%s %q must be a number of instances or a percentage of them`, describe(path), t.DisruptionBudget),
			`for example "1" or "50%"`,
		}, path...)
	}
}
