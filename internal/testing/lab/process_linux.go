package lab

import "syscall"

// endWithParent has a process end with the one that started it, however that ends.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
