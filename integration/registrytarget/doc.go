// Package registrytarget tests targets of the kind registry, and the forms that
// an image takes for a registry, with real registries and a real BuildKit.
package registrytarget
