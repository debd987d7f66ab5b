package main

import (
	"embed"
	"fmt"
	"os"
	"strings"
)

// kwok's own stages are added by install.sh, from kwok's module; in the repository are only ours.
//
//go:embed stages/*.yaml
var stageFiles embed.FS

// stages are the documents of all files: what happens to nodes, pods and volumes.
func stages() string {
	if _, err := stageFiles.ReadFile("stages/node-initialize.yaml"); err != nil {
		fmt.Fprintln(os.Stderr, "bed: built without kwok's own stages; build it with tests/bed/install.sh")
		os.Exit(2)
	}
	files, err := stageFiles.ReadDir("stages")
	if err != nil {
		panic(err) // it is embedded
	}
	var all strings.Builder
	for _, file := range files {
		text, err := stageFiles.ReadFile("stages/" + file.Name())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&all, "---\n%s\n", text)
	}
	return all.String()
}
