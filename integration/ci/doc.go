// Package ci runs the recipes of docs/ci with real buildx, builders and a real
// registry, as far as that works without the service that a recipe is for.
package ci
