package kubernetes

import (
	_ "embed" // for the doc comments

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

//go:embed spec.go
var source string

// Kind returns the kind.
func Kind() deployfile.Kind {
	return deployfile.Kind{
		Name:    "kubernetes",
		Summary: "a Deployment, a Service, and what further keys add",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: append(cluster.Sources(), source),
		Formats: cluster.Formats("kubernetes"),
		Image:   deployfile.ImageNeed{Formats: deployfile.Formats()},
		Verbs: []deployfile.Verb{
			deployfile.VerbPredict, deployfile.VerbOpen, deployfile.VerbLogs, deployfile.VerbBatch, deployfile.VerbPromote,
		},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	cluster.Pod
	// Autoscale lets the number of instances follow the load; there are no
	// replicas then.
	Autoscale *cluster.Autoscale `toml:"autoscale" json:"autoscale,omitzero"`
	// TopologySpread are node labels over whose values the instances are
	// spread, such as "topology.kubernetes.io/zone".
	TopologySpread []string `toml:"topology-spread" json:"topology-spread,omitzero" format:"topology" unique:"true"`
	// Ingress makes an Ingress.
	Ingress *Ingress `toml:"ingress" json:"ingress,omitzero"`
	// HTTPRoute makes a route of the Gateway API.
	HTTPRoute *HTTPRoute `toml:"http-route" json:"http-route,omitzero"`
	// MinAvailable is how many instances a node drain must leave, as a number
	// or a percentage; none by default.
	MinAvailable string `toml:"min-available" json:"min-available,omitzero" format:"min-available"`
	// AllowFrom are the namespaces whose pods may send requests, "*" for all;
	// none makes no NetworkPolicy.
	AllowFrom []string `toml:"allow-from" json:"allow-from,omitzero" format:"source" unique:"true"`
}

// Ingress is how an Ingress leads to the endpoint.
type Ingress struct {
	// Host is the host name, such as "iris.example.com" or "*.example.com". It
	// is required.
	Host string `toml:"host" json:"host" format:"host" required:"it is the name that the endpoint is reached by" example:"host = \"NAME.example.com\""`
	// Path is the prefix of the path, "/" by default.
	Path string `toml:"path" json:"path,omitzero" format:"url-path" default:"/"`
	// Class is the ingress class; the default is the cluster's.
	Class string `toml:"class" json:"class,omitzero" format:"object"`
	// TLSSecret is the Secret with the certificate; none for plain HTTP.
	TLSSecret string `toml:"tls-secret" json:"tls-secret,omitzero" format:"object"`
}

// HTTPRoute is how a gateway leads to the endpoint.
type HTTPRoute struct {
	// Gateway is the Gateway's name, "NAME" or "NAMESPACE/NAME". It is
	// required.
	Gateway string `toml:"gateway" json:"gateway" format:"gateway" required:"it is the gateway that leads to the endpoint" example:"gateway = \"gateways/public\""`
	// Hosts are the host names; none for all of the gateway's.
	Hosts []string `toml:"hosts" json:"hosts,omitzero" format:"host" unique:"true"`
	// Path is the prefix of the path, "/" by default.
	Path string `toml:"path" json:"path,omitzero" format:"url-path" default:"/"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Complete implements deployfile.Completer.
func (s *Spec) Complete() {
	s.Pod.Complete()
	if s.Autoscale != nil {
		s.Replicas = 0
	}
}
