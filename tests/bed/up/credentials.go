package up

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// user is somebody who may log in with a token.
type user struct{ name, token, groups string }

// admin may do everything.
const admin = "admin"

// logins gives a token to the administrator, to the parts and to everybody named. `promgit` is the service account
// that the agent's chart makes in the namespace promgit-system, so that the chart's bindings hold for it.
func logins(names []string) map[string]user {
	users := map[string]user{}
	for _, name := range []string{admin, controllerManager, scheduler, kwok} {
		users[name] = user{name: name, token: rand.Text(), groups: "system:masters"}
	}
	for _, name := range names {
		users[name] = user{name: name, token: rand.Text()}
	}
	if promgit, ok := users["promgit"]; ok {
		promgit.name = "system:serviceaccount:promgit-system:promgit"
		promgit.groups = "system:serviceaccounts,system:serviceaccounts:promgit-system"
		users["promgit"] = promgit
	}
	return users
}

// writeTokens writes the file that the API server knows its users from.
func writeTokens(path string, users map[string]user) error {
	var lines strings.Builder
	for _, user := range users {
		fmt.Fprintf(&lines, "%s,%s,%s,%q\n", user.token, user.name, user.name, user.groups)
	}
	return os.WriteFile(path, []byte(lines.String()), 0o600)
}

// writeKubeconfig writes what one user needs to reach the server.
func writeKubeconfig(path, server string, ca []byte, token string) error {
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: bed, cluster: {server: %q, certificate-authority-data: %q}}]
users: [{name: bed, user: {token: %q}}]
contexts: [{name: bed, context: {cluster: bed, user: bed}}]
current-context: bed
`, server, base64.StdEncoding.EncodeToString(ca), token)
	return os.WriteFile(path, []byte(text), 0o600)
}

// writeKeys makes an authority, the server's certificate and the key of service accounts in a folder, and returns the
// authority's certificate as PEM. Elliptic curves, because RSA keys would take a part of a second each.
func writeKeys(folder string) ([]byte, error) {
	authority := template("promgit bed")
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	server := template("kube-apiserver")
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes.default.svc"}

	var keys [3]*ecdsa.PrivateKey
	for i, name := range []string{"ca.key", "server.key", "sa.key"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, err
		}
		if err := writePEM(filepath.Join(folder, name), "EC PRIVATE KEY", der); err != nil {
			return nil, err
		}
		keys[i] = key
	}
	if err := sign(filepath.Join(folder, "ca.crt"), authority, authority, keys[0], keys[0]); err != nil {
		return nil, err
	}
	if err := sign(filepath.Join(folder, "server.crt"), server, authority, keys[1], keys[0]); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, "ca.crt"))
}

func template(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 1, 0),
	}
}

func sign(path string, what, by *x509.Certificate, key, with *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, what, by, &key.PublicKey, with)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writePEM(path, "CERTIFICATE", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
