// Package terminal runs programs on a pseudo-terminal of a given size, and says
// what a person sees there: the screen, what has scrolled off it, and its colours.
package terminal
