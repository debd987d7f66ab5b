//go:build !linux

package up

import "syscall"

const reusePort = syscall.SO_REUSEPORT

// attributes give a part a process group of its own, so that Ctrl-C reaches only us. Only Linux kills it when we are
// killed; elsewhere a `kill -9` of the supervisor leaves the parts running.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
