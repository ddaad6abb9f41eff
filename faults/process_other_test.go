//go:build !linux

package faults_test

import "syscall"

// attributes put a worker into a group of its own, out of reach of a terminal's Ctrl-C.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
