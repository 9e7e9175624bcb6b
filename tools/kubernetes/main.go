// Command kubernetes is the programs of a Kubernetes cluster in one, for the
// tests: they share nearly all of their code, so that one binary takes a third
// of the space and of the time to build. The first argument says which one it
// is, and the rest are that program's own:
//
//	kubernetes kube-apiserver --help
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	// Functions, because making a command already registers flags and metrics
	// that another program has too.
	programs := map[string]func() *cobra.Command{
		"etcd":                    etcd,
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllers.NewControllerManagerCommand,
		"kube-proxy":              proxy.NewProxyCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
		// Not the context of a signal handler: the programs set that up
		// themselves, and twice is a panic.
		"kubelet": func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	}
	var name string
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	program, ok := programs[name]
	if !ok {
		var names []string
		for n := range programs {
			names = append(names, n)
		}
		slices.Sort(names)
		fmt.Fprintf(os.Stderr, "usage: kubernetes PROGRAM [FLAG...], where PROGRAM is one of %s\n", strings.Join(names, ", "))
		os.Exit(2)
	}
	// The programs' commands parse os.Args from its second element on.
	os.Args = os.Args[1:]
	os.Exit(cli.Run(program()))
}
