package up

import (
	"fmt"
	"path/filepath"
)

// The parts, by the names of their programs.
const (
	etcd              = "etcd"
	apiserver         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kwok              = "kwok"
)

// order is the one in which the parts start.
var order = []string{etcd, apiserver, controllerManager, scheduler, kwok}

// flags are what a part is started with. Nothing listens outside of 127.0.0.1, and every port is one that we hold.
func (b *bed) flags(part string) []string {
	file := func(name string) string { return filepath.Join(b.folder, name) }
	client, peer := b.ports.url("http", b.ports.etcd), b.ports.url("http", b.ports.peer)
	switch part {
	case etcd:
		return []string{
			"--name=bed", "--data-dir=" + file("etcd"), "--socket-reuse-port", "--log-level=warn",
			"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=bed=" + peer,
			"--unsafe-no-fsync", // nothing here outlives the machine
		}
	case apiserver:
		return []string{
			"--etcd-servers=" + client, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
			fmt.Sprintf("--secure-port=%d", b.ports.apiserver), "--permit-port-sharing",
			"--cert-dir=" + file("pki"), "--tls-cert-file=" + file("pki/server.crt"),
			"--tls-private-key-file=" + file("pki/server.key"),
			"--token-auth-file=" + file("tokens.csv"), "--authorization-mode=RBAC",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-signing-key-file=" + file("pki/sa.key"),
			"--service-account-key-file=" + file("pki/sa.key"),
			"--service-cluster-ip-range=10.0.0.0/16",
			"--endpoint-reconciler-type=none", // an endpoint must not be a loopback address
			"--audit-policy-file=" + file("audit-policy.yaml"), "--audit-log-path=" + file("audit.log"),
			"--audit-log-maxsize=100000", // never rotated
		}
	case controllerManager:
		return append(b.clientFlags(part),
			"--service-account-private-key-file="+file("pki/sa.key"), "--root-ca-file="+file("pki/ca.crt"))
	case scheduler:
		return b.clientFlags(part)
	default:
		return []string{
			"--kubeconfig=" + b.kubeconfig(kwok), "--config=" + file("stages.yaml"), "--manage-all-nodes=true",
			"--cidr=10.128.0.0/9", "--node-ip=10.0.0.1", "--node-lease-duration-seconds=40",
		}
	}
}

// clientFlags are those of the two Kubernetes programs that only ask the API server; their usual limit of 20 requests
// a second would be what a test with a hundred clusters measures.
func (b *bed) clientFlags(part string) []string {
	return []string{
		"--kubeconfig=" + b.kubeconfig(part), "--leader-elect=false", "--secure-port=0",
		"--authentication-kubeconfig=" + b.kubeconfig(part), "--authorization-kubeconfig=" + b.kubeconfig(part),
		"--kube-api-qps=1000", "--kube-api-burst=1000",
	}
}
