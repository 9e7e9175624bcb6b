#!/bin/sh
# Creates a builder that runs in a Kubernetes cluster, in the cluster and with
# the credentials of the current kubectl context, and makes it the default one.
# Builds are spread over the replicas by the name of the context's folder, so
# that each model meets its own cache again.
#
# The namespace must be there and admit privileged pods. Who builds needs these
# rights in it: get, create and delete of deployments; create, update and delete
# of configmaps; list of pods; create of pods/exec. buildx makes the storage
# that it requests the limit as well, beyond which a pod is evicted.
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
