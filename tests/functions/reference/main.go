// Helm's function map turned into a list of names, one a line: what a chart can call beyond Go's own functions.
package main

import (
	"fmt"
	"maps"
	"slices"
	"text/template"
	_ "unsafe" // for the link below

	_ "helm.sh/helm/v4/pkg/engine"
)

// The map is not exported; the linker gives it out.
//
//go:linkname funcMap helm.sh/helm/v4/pkg/engine.funcMap
func funcMap() template.FuncMap

func main() {
	names := maps.Keys(funcMap())
	for _, name := range slices.Sorted(names) {
		fmt.Println(name)
	}
}
