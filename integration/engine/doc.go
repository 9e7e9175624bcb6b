// Package engine holds tests only: releases deployed to Docker's engine and to
// containerd, both of Debian's packages, which hack/engine.sh unpacks.
//
// The tests run themselves again in network, mount and process namespaces of
// their own, so that ports, bridges and firewall rules of the engines are
// nobody else's, and all of it is gone with them. They need root, and Debian's
// iptables, containernetworking-plugins and iproute2.
package engine
