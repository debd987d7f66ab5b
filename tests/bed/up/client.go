package up

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// client asks the API server as the administrator.
type client struct {
	server, token string
	http          *http.Client
}

func newClient(server string, ca []byte, token string) *client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	return &client{server: server, token: token, http: &http.Client{Transport: transport, Timeout: 10 * time.Second}}
}

// get reads an object; of a path that is no object, like /readyz, only the status counts.
func (c *client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

// create makes an object from YAML.
func (c *client) create(ctx context.Context, path string, manifest []byte) error {
	return c.do(ctx, http.MethodPost, path, manifest, nil)
}

func (c *client) do(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/yaml")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// until asks again and again. It gives up when the context does, or after a time that is long even for a machine that
// compiles at the same time; then it says what the last answer was.
func until(ctx context.Context, what string, ask func(context.Context) error) error {
	const patience, pause = 2 * time.Minute, 25 * time.Millisecond
	deadline := time.Now().Add(patience)
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s for %s: %w", patience, what, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
