package up

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// description is the line of JSON that tells a program all about the bed.
type description struct {
	Folder     string `json:"folder"`
	URL        string `json:"url"`
	CA         string `json:"ca"`
	Kubeconfig string `json:"kubeconfig"`
	Audit      string `json:"audit"`
	Tokens     string `json:"tokens"`
	// Kubectl is the path of one, or empty.
	Kubectl string `json:"kubectl"`
	// Parts are the process ids of what runs, Missing names what does not.
	Parts   map[string]int   `json:"parts"`
	Missing []string         `json:"missing"`
	Users   map[string]login `json:"users"`
}

type login struct {
	// Name is what the API server calls the user, in RBAC and in the audit log.
	Name       string `json:"name"`
	Token      string `json:"token"`
	Kubeconfig string `json:"kubeconfig"`
}

func (b *bed) description() description {
	d := description{
		Folder: b.folder, URL: b.url(), CA: b.path("pki", "ca.crt"), Kubeconfig: b.kubeconfig(admin),
		Audit: b.path("audit.log"), Tokens: b.path("tokens.csv"), Missing: b.missing(),
		Parts: map[string]int{}, Users: map[string]login{},
	}
	if b.binaries["kubectl"] != nil {
		d.Kubectl = b.path("bin", "kubectl")
	}
	for part, process := range b.running {
		d.Parts[part] = process.command.Process.Pid
	}
	for _, name := range append([]string{admin}, b.options.users...) {
		user := b.users[name]
		d.Users[name] = login{Name: user.name, Token: user.token, Kubeconfig: b.kubeconfig(name)}
	}
	return d
}

func (b *bed) missing() []string {
	return slices.DeleteFunc(slices.Clone(order), func(part string) bool { return b.binaries[part] != nil })
}

// talk tells a person all about the bed.
func (b *bed) talk() {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	_ = b.api.get(context.Background(), "/version", &version) // only for the greeting
	fmt.Printf(`
Kubernetes %s on %s, gone when you press Ctrl-C. In another terminal:

  export KUBECONFIG=%s PATH=%s:$PATH
  kubectl get nodes
  helm install promgit-crds charts/promgit-crds
  kubectl create namespace example
  kubectl apply -f examples/simple.yaml
  kubectl get proms --all-namespaces
`, version.GitVersion, b.url(), b.kubeconfig(admin), b.path("bin"))
	others := b.kubeconfig("{" + strings.Join(b.options.users, ",") + "}")
	fmt.Printf("\nUsers without any right, until you give them some: --kubeconfig %s\n", others)
	fmt.Printf("Every request but the bed's own is in %s, what the parts say in %s\n", b.path("audit.log"), b.path("logs"))
	if missing := b.missing(); len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "\nNot here: %s. Objects are stored, but no pod will ever run.\n", strings.Join(missing, ", "))
	}
}
