package deployfile

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// container checks the keys of targets that are a container on one machine.
func (t *targetReport) container() {
	t.oneOf(t.Restart, restarts(), t.at("restart")...)
	t.address()
	if t.Kind == "containerd" {
		t.oneOf(t.Network, containerdNetworks(), t.at("network")...)
	} else {
		t.named(t.Network, t.like(networkPattern), `the name of a network, or "host"`, "", "network")
	}
}

func (t *targetReport) address() {
	if !t.has("address") {
		return
	}
	path := t.at("address")
	if _, err := netip.ParseAddr(t.Address); err != nil {
		t.atValue(problem{
			"invalid-address", fmt.Sprintf("%s %q must be an IP address of this machine", describe(path), t.Address),
			`for example "127.0.0.1", or "0.0.0.0" for all of them`,
		}, path...)
	} else if t.Network == hostNetwork && t.has("network") {
		t.atKey(problem{
			"conflict", fmt.Sprintf("%s has no effect: the container is on the network of the host itself", describe(path)),
			"leave out the address or the network",
		}, path...)
	}
}

// tags checks the tags of a registry target, of which some are deployfile's own.
func (t *targetReport) tags(endpoint string) {
	t.eachNamed(t.Tags, t.like(tagPattern), "a tag without its repository: letters, digits, '_', '.' and '-'", `for example "latest"`, "tags")
	for i, tag := range t.Tags {
		if item := strconv.Itoa(i); t.has("tags", item) && isRevisionTag(tag, endpoint) {
			t.invalidName(tag, fmt.Sprintf("another tag: deployfile records the revisions of %q as those", endpoint), "", "tags", item)
		}
	}
}

// isRevisionTag says whether a tag is one by which deployfile records a revision
// of an endpoint, such as "iris-prod-r7".
func isRevisionTag(tag, endpoint string) bool {
	number, found := strings.CutPrefix(tag, endpoint+"-r")
	return found && isNumber(number)
}
