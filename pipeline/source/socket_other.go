//go:build !linux

package source

import "net"

// unpoll leaves a connection as it is.
func unpoll(conn net.Conn) (net.Conn, error) { return conn, nil }
