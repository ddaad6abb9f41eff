package faults_test

import "syscall"

// attributes put a worker into a group of its own, out of reach of a terminal's Ctrl-C, and have the kernel kill it when
// the tests die before they could.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
