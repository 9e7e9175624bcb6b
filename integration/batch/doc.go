// Package batch tests the program of a batch with a real model: as the Job
// starts it, but on this machine.
package batch
