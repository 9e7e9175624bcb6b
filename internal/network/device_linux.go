package network

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	devicePath = "/dev/net/tun"
	deviceName = "eth0"
)

// Available returns an error with a remedy if this machine has no TUN devices.
func Available() error {
	fd, err := unix.Open(devicePath, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		return unix.Close(fd)
	}
	return fmt.Errorf("no network for build steps: open %s: %w: load the kernel's module (modprobe tun) or, in a container, give it the device (docker run --device %s)", devicePath, err, devicePath)
}

// open creates a step's device in the network namespace of the calling thread,
// which has nothing else, and routes everything to it.
func open() (int, error) {
	fd, err := unix.Open(devicePath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", devicePath, err)
	}
	if err := configure(fd); err != nil {
		return -1, errors.Join(fmt.Errorf("the step's network: %w", err), unix.Close(fd))
	}
	return fd, nil
}

func configure(fd int) error {
	request, err := unix.NewIfreq(deviceName)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return os.NewSyscallError("TUNSETIFF", err)
	}
	// A handle to the thread's current namespace.
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer handle.Close()
	loopback, err := handle.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := handle.LinkSetUp(loopback); err != nil {
		return err
	}
	link, err := handle.LinkByName(deviceName)
	if err != nil {
		return err
	}
	if err := handle.LinkSetMTU(link, mtu); err != nil {
		return err
	}
	if err := handle.LinkSetUp(link); err != nil {
		return err
	}
	if err := lead(handle, link, Own().AsSlice(), 32); err != nil {
		return err
	}
	// A kernel may lack IPv6.
	if err := lead(handle, link, own6().AsSlice(), 128); err != nil && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) {
		return err
	}
	return nil
}

// lead assigns an address to the device and makes the device the default route.
func lead(handle *netlink.Handle, link netlink.Link, own net.IP, bits int) error {
	address := &netlink.Addr{IPNet: &net.IPNet{IP: own, Mask: net.CIDRMask(bits, bits)}, Flags: unix.IFA_F_NODAD}
	if err := handle.AddrAdd(link, address); err != nil {
		return fmt.Errorf("the address %s: %w", own, err)
	}
	all := &net.IPNet{IP: make(net.IP, len(own)), Mask: net.CIDRMask(0, bits)}
	if err := handle.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: all}); err != nil {
		return fmt.Errorf("add a default route from %s: %w", own, err)
	}
	return nil
}
