#!/bin/sh
# Creates a builder that runs in a Kubernetes cluster, in the cluster and with
# the credentials of the current kubectl context, and makes it the default one.
# Builds are spread over the replicas by the name of the context's folder, so
# that each model meets its own cache again.
set -eu
docker buildx create \
	--name models \
	--driver kubernetes \
	--driver-opt namespace=buildkit \
	--driver-opt replicas=2 \
	--driver-opt loadbalance=sticky \
	--driver-opt requests.cpu=2 \
	--driver-opt requests.memory=4Gi \
	--driver-opt requests.ephemeral-storage=40Gi \
	--platform linux/amd64,linux/arm64 \
	--use
