// Package python installs the Python wheel as a user does, and runs the program from it.
package python
