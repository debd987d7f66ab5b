// Command light is `bed up` without the parts: it takes them from KUBEBUILDER_ASSETS. It is built in seconds.
package main

import (
	"os"

	"promgit.dev/tests/bed/up"
)

func main() {
	if len(os.Args) < 2 || os.Args[1] != "up" {
		os.Stderr.WriteString("usage: bed up [FLAGS]\n")
		os.Exit(2)
	}
	os.Exit(up.Main(os.Args[1:]))
}
