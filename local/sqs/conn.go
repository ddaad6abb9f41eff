package sqs

import (
	"context"
	"net"
	"syscall"
)

// connKey finds the connection of a request in its context.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// alive says whether the client of a request is still there. The context alone learns of a hang-up a little late: a goroutine
// of net/http has to read it first. The socket knows at once.
func alive(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	c, ok := ctx.Value(connKey{}).(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	open := true
	// Control, unlike Read, does not wait for the read that net/http has under way.
	if err := raw.Control(func(fd uintptr) { open = !hungUp(fd) }); err != nil {
		return false
	}
	return open
}
