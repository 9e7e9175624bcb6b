# Everything that is made is in bin/ and dist/, or outside the tree in
# $XDG_CACHE_HOME/deployfile (~/.cache/deployfile); deleting either is safe.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# For every use of go, so that what one has compiled serves the others.
#
# gRPC's tracing needs text/template, which calls methods by their names: the
# linker would keep all methods of all types, and programs be half as large again.
export GOFLAGS := $(GOFLAGS) -trimpath -tags=grpcnotrace
export CGO_ENABLED := 0

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
GO_BUILD := go build -ldflags '-s -w -X main.version=$(VERSION)'
# What the command-line tool is compiled for by `make cross`.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
# Flags of `go test`, and how long `make fuzz` stays with each target.
TESTFLAGS ?= -timeout=40m
FUZZTIME  ?= 10s

# gofmt lists what is not formatted, and fails then.
gofmt = files=$$(gofmt -l .); [ -z "$$files" ] || { printf 'not as gofmt has it:\n%s\n' "$$files" >&2; exit 1; }
# Before a command: with the tests that need what `make test` sets up.
all_tests = GOFLAGS='$(GOFLAGS) -tags=grpcnotrace,integration,clouds'

.PHONY: help
help: ## list the targets (default)
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/deployfile: needs Go alone
	@$(GO_BUILD) -o bin/deployfile ./cmd/deployfile

.PHONY: embedded
embedded: build tools ## and buildkitd beside it, for the embedded builder

.PHONY: frontend-image
frontend-image: embedded ## make the frontend image in bin/frontend-image, and push it to PUSH=NAME
	@for arch in amd64 arm64; do \
		GOOS=linux GOARCH=$$arch $(GO_BUILD) -o bin/frontend/linux-$$arch/ ./cmd/deployfile-frontend || exit 1; \
	done
	@go run ./hack/frontendimage -version '$(VERSION)' -push '$(PUSH)'

.PHONY: demo
demo: embedded ## lock, build and run examples/iris, and print its answer
	@hack/demo.sh

.PHONY: check
check: ## format, vet and run the unit tests: anywhere, without set-up, in minutes
	@$(gofmt)
	@go vet ./...
	@go test $(CHECKFLAGS) ./...

.PHONY: test
test: embedded tools-buildx tools-versitygw tools-fake-gcs-server tools-azurite kubernetes base venv ## set everything up and run all tests
	@hack/with-env.sh go test $(TESTFLAGS) ./...

.PHONY: conformance
conformance: embedded kubernetes base ## deploy to each kind of target with every fault at every step: an hour or two
	@DEPLOYFILE_TEST_FAULTS=all hack/with-env.sh go test -count=1 -timeout=120m -p 1 -run '^Test(Conformance|Transport)$$' \
		./publish ./publish/sagemaker ./publish/azureml ./integration/registrytarget ./integration/engine ./integration/kubernetes

.PHONY: clouds
clouds: embedded tools-versitygw base venv ## deploy real images at doubles of SageMaker and Azure ML: some twenty minutes
	@hack/with-env.sh go test $(TESTFLAGS) -tags=grpcnotrace,integration,clouds ./integration/sagemaker ./integration/azureml

.PHONY: lint
lint: tools ## gofmt, go vet, staticcheck, generated Python: fail on any finding
	@$(gofmt)
	@go vet ./...
	@$(all_tests) go vet ./...
	@$(all_tests) bin/staticcheck ./...
	@"$$(hack/python.sh)" python/generate.py --check

.PHONY: cross
cross: ## compile the command-line tool for every platform
	@for platform in $(PLATFORMS); do \
		echo "$$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO_BUILD) -o /dev/null ./cmd/deployfile || exit 1; \
	done
	@GOOS=windows go vet ./internal/cli ./internal/terminal ./publish/containerd

.PHONY: release
release: embedded ## make what a release consists of, in dist/
	@rm -rf dist
	@hack/release.sh '$(VERSION)' dist $(PLATFORMS)

.PHONY: wheels
wheels: ## make the Python wheels of every platform, in dist/wheels
	@mkdir -p dist/wheels
	@for platform in $(PLATFORMS); do \
		program=dist/wheels/$${platform%/*}-$${platform#*/}; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO_BUILD) -o $$program ./cmd/deployfile && \
		go run ./hack/gosbom -version '$(VERSION)' $$program && \
		go run ./hack/wheel -version '$(VERSION)' -o dist/wheels $$platform=$$program && \
		rm $$program $$program.cdx.json || exit 1; \
	done
	@ls -l dist/wheels

.PHONY: release-check
release-check: embedded ## prove that a release comes out the same twice
	@hack/release-check.sh '$(VERSION)' $(PLATFORMS)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: embedded base venv ## measure against other ways to build the same image
	@hack/with-env.sh go run ./bench

.PHONY: bench-targets
bench-targets: embedded kubernetes ## measure render and diff of 100 Kubernetes targets, against kubectl
	@cd tools/kubectl && go build -ldflags "-s -w" -o ../../bin/kubectl .
	@hack/with-env.sh go test ./bench/targets -run '^$$' -bench . -benchtime 5x -count 1

.PHONY: bench-models
bench-models: embedded ## measure model push of 1 GB, and a build from it, against a plain upload
	@hack/with-env.sh go run ./bench/models

.PHONY: clients
clients: venv ## ask the server by KServe's client and MLServer's types: 400 MB of packages
	@python=$$(hack/venv.sh clients --no-deps) && \
	for client in kserve_client mlserver_types; do \
		hack/with-env.sh hack/clients.sh $$python $$client || exit 1; \
	done

.PHONY: flavours
flavours: embedded base venv ## log, build and compare each of MLflow's flavours: FLAVOURS="sklearn spacy", or all
	@hack/with-env.sh go run ./bench/flavours $(FLAVOURS)

.PHONY: limits
limits: embedded ## measure the largest inputs that are accepted: docs/limits.md
	@go run ./bench/limits -markdown docs/limits.md

.PHONY: examples
examples: setup ## make the examples' models again with real MLflow
	@hack/examples.sh

.PHONY: picture
picture: embedded base ## make README's picture again from a real build
	@hack/with-env.sh go run ./hack/picture docs/build.svg hack/picture.sh

.PHONY: requirements
requirements: setup ## pin hack/requirements-*.txt again, with today's versions
	@hack/requirements.sh

.PHONY: setup
setup: ## install the Debian packages that are needed, or say which are missing
	@hack/setup.sh

.PHONY: tools
tools: setup ## build buildkitd, buildctl, registry and staticcheck into bin/
	@hack/tools.sh tools

.PHONY: tools-buildx
tools-buildx: setup ## build buildx into bin/
	@hack/tools.sh tools/buildx

.PHONY: tools-versitygw
tools-versitygw: setup ## build versitygw, an S3 server, into bin/
	@hack/tools.sh tools/versitygw

.PHONY: tools-fake-gcs-server
tools-fake-gcs-server: setup ## build fake-gcs-server, of Google Cloud Storage's API, into bin/
	@hack/tools.sh tools/fake-gcs-server

.PHONY: tools-azurite
tools-azurite: setup ## install Azurite, of Azure Blob Storage's API, into bin/
	@hack/azurite.sh

.PHONY: kubernetes
kubernetes: setup ## build the Kubernetes of the tests into bin/
	@hack/kubernetes.sh

.PHONY: base
base: setup ## make the base images from Debian's packages; prints their folder
	@hack/base.sh

.PHONY: venv
venv: setup ## make the Python environments of the examples and of the clouds' clients; prints their Pythons
	@hack/venv.sh
	@hack/venv.sh azure
	@hack/venv.sh aws

.PHONY: clean
clean: ## remove bin/ and dist/
	@rm -rf bin dist
