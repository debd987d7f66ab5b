// Command bed holds a whole Kubernetes control plane in one binary: the first argument, or the name it is called by,
// chooses the part. `bed up` starts all of them as processes of their own and takes them down again.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"promgit.dev/tests/bed/up"
)

// parts lists what this binary can be. Each entry runs until it is done and returns the exit code.
var parts = map[string]func() int{
	"etcd":                    etcd,
	"kube-apiserver":          apiserver,
	"kube-controller-manager": controllerManager,
	"kube-scheduler":          scheduler,
	"kwok":                    kwok,
	"kubectl":                 kubectl,
}

func main() {
	name := filepath.Base(os.Args[0])
	if parts[name] == nil && len(os.Args) > 1 {
		// The parts read os.Args themselves: leave them what they would find as programs of their own.
		name = os.Args[1]
		os.Args = os.Args[1:]
	}
	switch part := parts[name]; {
	case name == "up":
		up.Carry(up.Carried{Parts: names(), Stages: stages()})
		os.Exit(up.Main(os.Args))
	case part == nil:
		fmt.Fprintf(os.Stderr, "usage: bed PART [FLAGS]; PART is one of up %s\n", strings.Join(names(), " "))
		os.Exit(2)
	default:
		os.Exit(part())
	}
}

func names() []string {
	var names []string
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
