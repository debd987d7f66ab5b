package up

import (
	"context"
	"fmt"
	"net"
	"syscall"
)

// ports are held for as long as we live: each has a socket of ours that is bound with SO_REUSEPORT and does not
// listen, and the part that listens there binds with it too. So no other bed or program can get a port between its
// choice and its use, nor while a part is down.
type ports struct{ etcd, peer, apiserver int }

func hold() (ports, error) {
	var held [3]int
	for i := range held {
		port, err := holdOne()
		if err != nil {
			return ports{}, err
		}
		held[i] = port
	}
	return ports{etcd: held[0], peer: held[1], apiserver: held[2]}, nil
}

// holdOne leaves the socket to the end of the process.
func holdOne() (int, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, fmt.Errorf("a socket: %w", err)
	}
	syscall.CloseOnExec(socket)
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, reusePort, 1); err != nil {
		return 0, fmt.Errorf("SO_REUSEPORT: %w", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, fmt.Errorf("a free port: %w", err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return address.(*syscall.SockaddrInet4).Port, nil
}

func (p ports) url(scheme string, port int) string {
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, port)
}

// open tells whether somebody listens.
func open(ctx context.Context, port int) error {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		err = connection.Close()
	}
	return err
}
