// Package up starts the parts of a Kubernetes control plane as processes, tells where they are, and takes them down
// again whatever happens. It needs nothing but the standard library, so that it can also be built without the parts.
package up

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// Main is `bed up`: it returns when standard input is closed, at a signal, or when a part ends by itself. On standard
// output it writes one line of JSON when everything answers, and one for each command on standard input.
func Main(args []string) int {
	// The kernel kills the children of a *thread* that ends (see attributes_linux.go): this one stays until the end.
	runtime.LockOSThread()
	options, err := parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bed up:", err)
		return 2
	}
	ctx, end := context.WithCancelCause(context.Background())
	endAtSignals(end)
	commands := make(chan string)
	if !options.talk {
		go read(os.Stdin, commands, end)
	}
	if err := run(ctx, end, options, commands); err != nil && !errors.Is(err, errAsked) {
		fmt.Fprintln(os.Stderr, "bed up:", err)
		return 1
	}
	return 0
}

// errAsked is why a bed ends that was asked to end.
var errAsked = errors.New("asked to end")

func run(ctx context.Context, end context.CancelCauseFunc, options options, commands <-chan string) (err error) {
	bed, err := newBed(options, end)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.remove()) }()
	if err := bed.start(ctx); err != nil {
		return err
	}
	if options.talk {
		bed.talk()
	} else {
		answer(bed.description())
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case command := <-commands:
			answer(bed.command(ctx, command))
		}
	}
}

// endAtSignals ends the bed at Ctrl-C and its kin; a second one meets the default action.
func endAtSignals(end context.CancelCauseFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// Whoever reads our output may be gone before we are.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		<-signals
		signal.Reset()
		end(errAsked)
	}()
}

// read hands on the lines of the input. Its end is the end of the one who wanted the bed, also when that one was killed.
func read(input io.Reader, commands chan<- string, end context.CancelCauseFunc) {
	lines := bufio.NewScanner(input)
	for lines.Scan() {
		commands <- lines.Text()
	}
	end(errAsked)
}

func answer(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err) // only maps and structs of strings come here
	}
	fmt.Println(string(line))
}
