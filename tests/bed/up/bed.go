package up

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// bed is one control plane: its folder, its ports, its users, and the parts that run.
type bed struct {
	options
	folder  string
	lock    *os.File
	ports   ports
	users   map[string]user
	api     *client
	running map[string]*process
	end     context.CancelCauseFunc
}

// prefix begins the names of all beds' folders.
const prefix = "promgit-bed-"

// newBed makes the folder with everything that the parts read. It first removes the folders of beds that were killed.
func newBed(options options, end context.CancelCauseFunc) (*bed, error) {
	sweep(os.TempDir())
	b := &bed{options: options, running: map[string]*process{}, end: end}
	var err error
	if b.folder, b.lock, err = newFolder(); err != nil {
		return nil, err
	}
	if err := b.furnish(); err != nil {
		return nil, errors.Join(err, b.remove())
	}
	return b, nil
}

// newFolder returns a folder with a lock that we hold as long as we live. It gets its final name only when the lock is
// taken, so that nobody sweeps it before.
func newFolder() (string, *os.File, error) {
	early, err := os.MkdirTemp("", "."+prefix)
	if err != nil {
		return "", nil, err
	}
	lock, err := os.Create(filepath.Join(early, "lock"))
	if err != nil {
		return "", nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return "", nil, err
	}
	folder := filepath.Join(filepath.Dir(early), strings.TrimPrefix(filepath.Base(early), "."))
	return folder, lock, os.Rename(early, folder)
}

// sweep removes what beds left that could not clean up: a folder whose lock nobody holds.
func sweep(folder string) {
	left, _ := filepath.Glob(filepath.Join(folder, prefix+"*"))
	for _, path := range left {
		lock, err := os.Open(filepath.Join(path, "lock"))
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(path) // the next one will try again
		}
		_ = lock.Close()
	}
}

func (b *bed) furnish() error {
	for _, name := range []string{"pki", "users", "bin", "logs"} {
		if err := os.Mkdir(b.path(name), 0o700); err != nil {
			return err
		}
	}
	ca, err := writeKeys(b.path("pki"))
	if err != nil {
		return err
	}
	if b.ports, err = hold(); err != nil {
		return err
	}
	b.users = logins(b.options.users)
	b.api = newClient(b.url(), ca, b.users[admin].token)
	for name, user := range b.users {
		if err := writeKubeconfig(b.kubeconfig(name), b.url(), ca, user.token); err != nil {
			return err
		}
	}
	return errors.Join(
		writeTokens(b.path("tokens.csv"), b.users),
		os.WriteFile(b.path("audit-policy.yaml"), []byte(auditPolicy), 0o600),
		os.WriteFile(b.path("stages.yaml"), []byte(carried.Stages), 0o600),
		os.WriteFile(b.path("audit.log"), nil, 0o600),
		b.link(),
	)
}

// link fills the folder of programs that a user of the bed puts on the PATH.
func (b *bed) link() error {
	if kubectl := b.binaries["kubectl"]; kubectl != nil {
		b.links["kubectl"] = kubectl[0]
	}
	for name, path := range b.links {
		if err := os.Symlink(path, b.path("bin", name)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bed) path(names ...string) string {
	return filepath.Join(append([]string{b.folder}, names...)...)
}

func (b *bed) kubeconfig(user string) string { return b.path("users", user+".kubeconfig") }

func (b *bed) url() string { return b.ports.url("https", b.ports.apiserver) }

// start returns when the cluster is ready for what people do with clusters.
func (b *bed) start(ctx context.Context) error {
	for _, part := range order {
		if b.binaries[part] == nil {
			continue
		}
		if err := b.startPart(ctx, part); err != nil {
			return err
		}
	}
	return b.populate(ctx)
}

// startPart returns when the part answers; those that serve nothing just run.
func (b *bed) startPart(ctx context.Context, part string) error {
	argv := append(append([]string{}, b.binaries[part]...), b.flags(part)...)
	process, err := spawn(part, argv, b.log(part), b.folder, b.end)
	if err != nil {
		return err
	}
	b.running[part] = process
	switch part {
	case etcd:
		return until(ctx, part, func(ctx context.Context) error { return open(ctx, b.ports.etcd) })
	case apiserver:
		return until(ctx, part, func(ctx context.Context) error { return b.api.get(ctx, "/readyz", nil) })
	default:
		return nil
	}
}

func (b *bed) log(part string) string { return b.path("logs", part+".log") }

// remove kills what runs and removes the folder. A part that is being killed may still have written into it.
func (b *bed) remove() error {
	for name, process := range b.running {
		process.kill()
		delete(b.running, name)
	}
	var err error
	for range 20 {
		if err = os.RemoveAll(b.folder); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s stays: %w", b.folder, err)
}
