package up

import "syscall"

// reusePort is SO_REUSEPORT, which package syscall lacks on some processors.
const reusePort = 0xf

// attributes give a part a process group of its own, so that Ctrl-C reaches only us, and have the kernel kill it when
// we are killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
