// Package containers is the driver that all container engines share. A release is one
// container, which is also the record of its revision. What differs between engines is
// behind the interface Host.
//
// If the old and the new container need the same port of the machine, a trial container
// with the same settings must first become ready at another port; then the old one is
// stopped and the new one started. Otherwise the new one is ready before the old one is
// stopped.
package containers
