package up

import (
	"context"
	"fmt"
	"strings"
)

// command does what one line of the input says, and returns its answer: `stop PART` kills a part, `start PART` starts
// it on the same port with the same data and waits until it answers.
func (b *bed) command(ctx context.Context, line string) map[string]string {
	verb, part, _ := strings.Cut(strings.TrimSpace(line), " ")
	if b.binaries[part] == nil || part == "kubectl" {
		return failed("%q: no part of this name runs; there are %v", line, b.parts())
	}
	running := b.running[part]
	switch {
	case verb == "stop" && running != nil:
		running.kill()
		delete(b.running, part)
		return map[string]string{"stopped": part}
	case verb == "start" && running == nil:
		if err := b.startPart(ctx, part); err != nil {
			return failed("%v", err)
		}
		return map[string]string{"started": part}
	case verb == "stop" || verb == "start":
		return failed("%q: it has been done already", line)
	default:
		return failed("%q: write `stop PART` or `start PART`", line)
	}
}

func failed(format string, arguments ...any) map[string]string {
	return map[string]string{"error": fmt.Sprintf(format, arguments...)}
}

// parts are those that this bed has.
func (b *bed) parts() []string {
	var parts []string
	for _, part := range order {
		if b.binaries[part] != nil {
			parts = append(parts, part)
		}
	}
	return parts
}
