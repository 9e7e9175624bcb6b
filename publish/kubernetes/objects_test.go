package kubernetes

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/deployfile/deployfile/manifests"
)

func parsed(t *testing.T, text string) []object {
	t.Helper()
	list, err := parse([]manifests.Document{{Name: "all.yaml", Body: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const service = `apiVersion: v1
kind: Service
metadata: {name: iris, namespace: models}
spec: {selector: {app.kubernetes.io/instance: iris, deployfile.github.io/slot: SLOT}}
`

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"nothing":          {"# nothing\n---\n", nil, ""},
		"two":              {service + "---\n# route.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: models}\n", []string{"Service models/iris", "Namespace models"}, ""},
		"no name":          {"apiVersion: v1\nkind: Service\nmetadata: {}\n", nil, "all.yaml: Service: an object needs an apiVersion and a metadata.name"},
		"no kind":          {"apiVersion: v1\nmetadata: {name: iris}\n", nil, "all.yaml: "},
		"not an object":    {"- 1\n", nil, "all.yaml: "},
		"not even YAML":    {"a: [\n", nil, "all.yaml: "},
		"a field twice":    {"apiVersion: v1\nkind: Service\nkind: Secret\nmetadata: {name: iris}\n", nil, `key "kind" already set`},
		"names of a wrong": {"apiVersion: 1\nkind: []\nmetadata: iris\n", nil, "all.yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := parse([]manifests.Document{{Name: "all.yaml", Body: []byte(tt.text)}})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range list {
				got = append(got, o.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithout(t *testing.T) {
	other := strings.Replace(service, "name: iris", "name: other", 1)
	got := without(parsed(t, service+"---\n"+other+"---\n"+other), parsed(t, service))
	if len(got) != 1 || got[0].GetName() != "other" {
		t.Errorf("there are %v", got)
	}
}

func TestRedirects(t *testing.T) {
	blue := parsed(t, strings.Replace(service, "SLOT", "blue", 1))
	green := parsed(t, strings.Replace(service, "SLOT", "green", 1))
	for _, tt := range []struct {
		previous, objects []object
		want              bool
	}{{blue, blue, false}, {blue, green, true}, {nil, blue, false}, {blue, nil, false}} {
		if got := redirects(tt.previous, tt.objects); got != tt.want {
			t.Errorf("from %v to %v: %t", tt.previous, tt.objects, got)
		}
	}
}

func TestReaches(t *testing.T) {
	yes, no := true, false
	slice := func(ready *bool, pods ...string) discoveryv1.EndpointSlice {
		var s discoveryv1.EndpointSlice
		for _, pod := range pods {
			s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{Ready: ready}, TargetRef: &corev1.ObjectReference{Name: pod}})
		}
		return s
	}
	pods := make([]corev1.Pod, 2)
	pods[0].Name, pods[1].Name = "green-1", "green-2"
	for name, tt := range map[string]struct {
		slices []discoveryv1.EndpointSlice
		want   bool
	}{
		"none":      {nil, false},
		"not ready": {[]discoveryv1.EndpointSlice{slice(&no, "green-1")}, false},
		"one":       {[]discoveryv1.EndpointSlice{slice(&no, "green-1"), slice(&yes, "green-2")}, true},
		"another":   {[]discoveryv1.EndpointSlice{slice(&yes, "blue-1")}, false},
		"both":      {[]discoveryv1.EndpointSlice{slice(&yes, "green-1", "blue-1")}, false},
		"it ends":   {[]discoveryv1.EndpointSlice{slice(&yes, "green-1"), slice(&no, "blue-1")}, true},
	} {
		if got := reaches(tt.slices, pods); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestURL(t *testing.T) {
	for want, text := range map[string]string{
		"":                         service,
		"http://iris.example.com":  "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: iris}\nspec: {rules: [{}, {host: iris.example.com}]}\n",
		"https://iris.example.com": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: iris}\nspec: {tls: [{secretName: iris}], rules: [{host: iris.example.com}]}\n",
		"http://route.example.com": "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: iris}\nspec: {hostnames: [route.example.com]}\n",
		"http://iris.models.local": "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: iris}\nstatus: {url: http://iris.models.local}\n",
	} {
		if got := url(parsed(t, text)[0].Unstructured); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestDifference(t *testing.T) {
	secret := func(value string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: iris, resourceVersion: R" + value +
			", annotations: {kubectl.kubernetes.io/last-applied-configuration: " + value + "}}\ndata: {same: c2FtZQ==, password: " + value + "}\nstringData: {plain: " + value + "}\n"
	}
	replicas := func(n string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: iris, generation: " + n + ", managedFields: [{manager: m" + n + "}]}\nspec: {replicas: " + n + "}\nstatus: {replicas: " + n + "}\n"
	}
	for name, tt := range map[string]struct{ was, is, want string }{
		"nothing":  {replicas("2"), replicas("2"), ""},
		"a number": {replicas("2"), replicas("3"), "-spec.replicas: 2\n+spec.replicas: 3"},
		"a secret": {secret("b25l"), secret("dHdv"),
			"-data.password: \"(hidden)\"\n+data.password: \"(hidden, another value)\"\n-stringData.plain: \"(hidden)\"\n+stringData.plain: \"(hidden, another value)\""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := difference(parsed(t, tt.was)[0].Unstructured, parsed(t, tt.is)[0].Unstructured)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	text, err := added(parsed(t, secret("b25l"))[0].Unstructured)
	if err != nil || strings.Contains(text, "b25l") || !strings.Contains(text, "+  password: (hidden)") {
		t.Errorf("a new Secret is shown as\n%s\n%v", text, err)
	}
}

// FuzzParse never panics.
func FuzzParse(f *testing.F) {
	f.Add(service)
	f.Add("--- !!map {metadata: {name: [}}")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse([]manifests.Document{{Name: "x.yaml", Body: []byte(text)}})
		if err != nil {
			return
		}
		for _, o := range list {
			_, _, _, _ = o.String(), carriesTraffic(o), o.key(), url(o.Unstructured)
			if _, err := difference(o.Unstructured, o.Unstructured); err != nil {
				t.Error(err)
			}
		}
	})
}
