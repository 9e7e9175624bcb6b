package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// etcd is the one member of a cluster that is thrown away: nothing is synced
// to the disk.
func etcd() *cobra.Command {
	var dir, clientURL, peerURL string
	c := &cobra.Command{
		Use:          "etcd",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE:         func(*cobra.Command, []string) error { return runEtcd(dir, clientURL, peerURL) },
	}
	c.Flags().StringVar(&dir, "data-dir", "", "folder of the data")
	c.Flags().StringVar(&clientURL, "client-url", "", "where clients are served, such as http://127.0.0.1:2379")
	c.Flags().StringVar(&peerURL, "peer-url", "", "where other members would be served")
	for _, name := range []string{"data-dir", "client-url", "peer-url"} {
		// It fails only for a flag that does not exist.
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func runEtcd(dir, clientURL, peerURL string) error {
	clients, err := url.Parse(clientURL)
	if err != nil {
		return fmt.Errorf("--client-url: %w", err)
	}
	peers, err := url.Parse(peerURL)
	if err != nil {
		return fmt.Errorf("--peer-url: %w", err)
	}
	config := embed.NewConfig()
	config.Dir = dir
	config.LogLevel = "warn"
	config.UnsafeNoFsync = true
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*clients}, []url.URL{*clients}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peers}, []url.URL{*peers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer server.Close()
	select {
	case <-signals:
		return nil
	case err := <-server.Err():
		return err
	}
}
