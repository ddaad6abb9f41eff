//go:build unix

package sqs

import "syscall"

// hungUp looks at the socket without taking anything from it: no bytes and no error is the end of the stream.
func hungUp(fd uintptr) bool {
	var b [1]byte
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return n == 0 && err == nil || err == syscall.ECONNRESET
}
