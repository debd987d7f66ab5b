package up

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// process is a part that runs.
type process struct {
	command *exec.Cmd
	// stopped is closed before we kill it ourselves, done when it has ended.
	stopped, done chan struct{}
}

// spawn starts a part; what it says goes to its log. If it ends without being told to, so does the bed.
func spawn(name string, argv []string, log, folder string, end context.CancelCauseFunc) (*process, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	command := exec.Command(argv[0], argv[1:]...)
	command.Dir, command.Stdout, command.Stderr = folder, output, output
	command.Env = append(os.Environ(), "HOME="+folder, "KUBECONFIG=")
	command.SysProcAttr = attributes()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", name, err)
	}
	p := &process{command: command, stopped: make(chan struct{}), done: make(chan struct{})}
	go func() {
		err := command.Wait()
		close(p.done)
		select {
		case <-p.stopped:
		default:
			end(fmt.Errorf("%s ended by itself (%v); the end of its log:\n%s", name, err, tail(log)))
		}
	}()
	return p, nil
}

// kill ends the process at once: nothing of a bed is worth saving. It returns when the process is gone.
func (p *process) kill() {
	close(p.stopped)
	_ = p.command.Process.Kill() // an error means that it is gone already
	<-p.done
}

// tail is what a person needs to see of a log to know why its part ended.
func tail(log string) string {
	const lines = 15
	text, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
