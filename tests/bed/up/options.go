package up

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// options are what the command line and KUBEBUILDER_ASSETS say.
type options struct {
	// nodes is how many nodes kwok plays.
	nodes int
	// users may log in beside the administrator; they have no rights but those that RBAC gives them.
	users []string
	// talk writes for a person instead of JSON, and leaves the input alone.
	talk bool
	// links are further programs for the bed's bin folder, by name.
	links map[string]string
	// binaries are the programs of the parts, by name; what is not in it does not run.
	binaries map[string][]string
}

// Carried is what the binary that we run in brings along.
type Carried struct {
	// Parts are the names that it can be called by.
	Parts []string
	// Stages tell kwok what happens to nodes, pods and volumes, as YAML documents.
	Stages string
}

var carried Carried

// Carry is called before Main.
func Carry(c Carried) { carried = c }

func parse(args []string) (options, error) {
	o := options{links: map[string]string{}}
	flags := flag.NewFlagSet("bed up", flag.ContinueOnError)
	flags.IntVar(&o.nodes, "nodes", 3, "how many nodes there are")
	users := flags.String("users", "alice,bob,promgit", "who may log in beside `admin`, with commas between")
	flags.BoolVar(&o.talk, "talk", false, "write for a person, not for a program")
	flags.Func("link", "`NAME=PATH` of a further program for the bed's bin folder", func(link string) error {
		name, path, ok := strings.Cut(link, "=")
		if !ok {
			return fmt.Errorf("%q is no NAME=PATH", link)
		}
		o.links[name] = path
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	o.users = strings.Split(*users, ",")
	var err error
	o.binaries, err = binaries(os.Getenv("KUBEBUILDER_ASSETS"))
	return o, err
}

// binaries finds a program for each part: in the folder that envtest users have, else in this binary, else (kubectl
// only) on the PATH.
func binaries(assets string) (map[string][]string, error) {
	found := map[string][]string{}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for _, name := range carried.Parts {
		found[name] = []string{self, name}
	}
	if found["kubectl"] == nil {
		if path, err := exec.LookPath("kubectl"); err == nil {
			found["kubectl"] = []string{path}
		}
	}
	for _, name := range append([]string{"kubectl"}, order...) {
		path := filepath.Join(assets, name)
		if info, err := os.Stat(path); assets != "" && err == nil && info.Mode().IsRegular() {
			found[name] = []string{path}
		}
	}
	for _, name := range []string{etcd, apiserver} {
		if found[name] == nil {
			return nil, fmt.Errorf("KUBEBUILDER_ASSETS=%q has no %s; name a folder with etcd and kube-apiserver, "+
				"or unset it to have them built", assets, name)
		}
	}
	return found, nil
}
