package limit

import (
	"net"
	"net/netip"
)

// Address is who an address is counted as: an IPv4 address by itself, an IPv6 address with all of its /64, since whoever has
// one of them has them all. remote is of the form host:port.
func Address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host // a Unix socket, or none
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, _ := ip.Prefix(64) // never fails: the length fits
	return prefix.String()
}
