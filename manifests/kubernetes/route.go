package kubernetes

import (
	"strings"

	"github.com/deployfile/deployfile/manifests/cluster"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ingress adds an Ingress to the endpoint's Service.
func (c state) ingress() error {
	i := c.newest().Ingress
	if i == nil {
		return nil
	}
	object := &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: c.Meta(c.Endpoint()),
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: i.Host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{
					Path:     i.Path,
					PathType: new(networkingv1.PathTypePrefix),
					Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
						Name: c.Endpoint(), Port: networkingv1.ServiceBackendPort{Name: cluster.PortName},
					}},
				}},
			}},
		}}},
	}
	if i.Class != "" {
		object.Spec.IngressClassName = &i.Class
	}
	if i.TLSSecret != "" {
		tls := networkingv1.IngressTLS{SecretName: i.TLSSecret}
		if i.Host != "" {
			tls.Hosts = []string{i.Host}
		}
		object.Spec.TLS = []networkingv1.IngressTLS{tls}
	}
	return c.Add(c.Newest, object)
}

// The needed part of the Gateway API's HTTPRoute,
// https://gateway-api.sigs.k8s.io/reference/spec/#httproute.
type (
	routeObject struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              routeSpec `json:"spec"`
	}
	routeSpec struct {
		ParentRefs []routeParent `json:"parentRefs"`
		Hostnames  []string      `json:"hostnames,omitempty"`
		Rules      []routeRule   `json:"rules"`
	}
	routeParent struct {
		Namespace string `json:"namespace,omitempty"`
		Name      string `json:"name"`
	}
	routeRule struct {
		Matches     []routeMatch   `json:"matches"`
		Filters     []routeFilter  `json:"filters,omitempty"`
		BackendRefs []routeBackend `json:"backendRefs"`
	}
	routeMatch struct {
		Path routePath `json:"path"`
	}
	routePath struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	routeFilter struct {
		Type       string       `json:"type"`
		URLRewrite routeRewrite `json:"urlRewrite"`
	}
	routeRewrite struct {
		Path routeRewritePath `json:"path"`
	}
	routeRewritePath struct {
		Type               string `json:"type"`
		ReplacePrefixMatch string `json:"replacePrefixMatch"`
	}
	routeBackend struct {
		Name   string `json:"name"`
		Port   int32  `json:"port"`
		Weight *int   `json:"weight,omitempty"`
	}
)

// httpRoute adds an HTTPRoute from a gateway to the endpoint's Service, or with weights
// to those of the live release and a canary.
func (c state) httpRoute() error {
	h := c.newest().HTTPRoute
	if h == nil {
		return nil
	}
	rule := routeRule{
		Matches:     []routeMatch{{Path: routePath{Type: "PathPrefix", Value: h.Path}}},
		BackendRefs: []routeBackend{{Name: c.Endpoint(), Port: c.port()}},
	}
	if rule.Matches[0].Path.Value != "/" {
		// The server's own paths do not have the prefix.
		rule.Filters = []routeFilter{{
			Type:       "URLRewrite",
			URLRewrite: routeRewrite{Path: routeRewritePath{Type: "ReplacePrefixMatch", ReplacePrefixMatch: "/"}},
		}}
	}
	if next, ok := c.Canary(); ok {
		weight := specOf(next.Release).Weight
		rule.BackendRefs = []routeBackend{
			{Name: c.Suffixed(cluster.ServiceStable), Port: c.port(), Weight: new(100 - weight)},
			{Name: c.Suffixed(cluster.ServiceCanary), Port: c.port(), Weight: new(weight)},
		}
	}
	parent := routeParent{Name: h.Gateway}
	if namespace, name, ok := strings.Cut(h.Gateway, "/"); ok {
		parent = routeParent{Namespace: namespace, Name: name}
	}
	return c.Add(c.Newest, &routeObject{
		TypeMeta:   metav1.TypeMeta{APIVersion: "gateway.networking.k8s.io/v1", Kind: "HTTPRoute"},
		ObjectMeta: c.Meta(c.Endpoint()),
		Spec:       routeSpec{ParentRefs: []routeParent{parent}, Hostnames: h.Hosts, Rules: []routeRule{rule}},
	})
}
