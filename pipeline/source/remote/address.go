package remote

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// dialTimeout bounds one connection; the call's own timeout goes on.
const dialTimeout = 10 * time.Second

// dial connects to an allowed host. Each address is looked at as it is dialled, after every lookup: a name that was public a moment
// ago and is not now gains nothing.
func (f *Fetcher) dial(ctx context.Context, network, address string) (net.Conn, error) {
	networks, known := f.networksOf(address)
	if !known {
		return nil, refuse("the host is not allowed; who runs the worker allows hosts by MONTHEND_SOURCE_HOSTS")
	}
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: f.cfg.Resolver, ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		return checkAddress(resolved, networks)
	}}
	return dialer.DialContext(ctx, network, address)
}

// checkAddress refuses an address:port that is neither public nor in one of the networks.
func checkAddress(resolved string, networks []netip.Prefix) error {
	at, err := netip.ParseAddrPort(resolved)
	if err != nil {
		return refuse("the host has an address that is none")
	}
	address := at.Addr().Unmap().WithZone("")
	for _, network := range networks {
		if network.Contains(address) {
			return nil
		}
	}
	if kind := special(address); kind != "" {
		return refuse("the host has %s; who runs the worker allows one by its network, as in HOST@10.1.0.0/16 in MONTHEND_SOURCE_HOSTS", kind)
	}
	return nil
}

// special says what an address is that is no public one, "" for one that is. The lists are IANA's of special purposes.
func special(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "a loopback address"
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), a.IsInterfaceLocalMulticast():
		return "a link-local address"
	case a.IsPrivate():
		return "a private address"
	case a.IsUnspecified(), a.IsMulticast():
		return "an address of no host"
	}
	// What carries an address of version 4 inside is as good as that one.
	if inner, carries := carried(a); carries && special(inner) != "" {
		return special(inner)
	}
	if a.Is6() && !globalUnicast.Contains(a) && !nat64.Contains(a) {
		return "an address that is not public"
	}
	if slices.ContainsFunc(reserved, func(n netip.Prefix) bool { return n.Contains(a) }) {
		return "an address that is not public"
	}
	return ""
}

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	nat64         = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour     = netip.MustParsePrefix("2002::/16")

	reserved = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
	}
)

// carried is the address of version 4 that one of version 6 carries.
func carried(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}
