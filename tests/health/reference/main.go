// Command health-oracle answers, line by line, what Kubernetes' own code says to the questions of tests/health.rs:
//
//	{"object": …}            how healthy kstatus finds it, and its selector as a list of pods is asked for
//	{"manifest": …}          the object as an API server stores it: decoded into its type and encoded again
//	{"quantities": [a, b]}   whether the two are the same amount
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
)

type request struct {
	Object     map[string]any  `json:"object"`
	Manifest   json.RawMessage `json:"manifest"`
	Quantities []string        `json:"quantities"`
}

type answer struct {
	Status   string         `json:"status,omitempty"`
	Message  string         `json:"message,omitempty"`
	Selector string         `json:"selector,omitempty"`
	Stored   runtime.Object `json:"stored,omitempty"`
	Same     bool           `json:"same,omitempty"`
	Error    string         `json:"error,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var asked request
		// Whole numbers become int64, as in an object that a client reads.
		if err := utiljson.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		if err := out.Encode(reply(asked)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// reply turns a panic over a malformed object into an error: kstatus trusts the types of built-in kinds.
func reply(asked request) (given answer) {
	defer func() {
		if cause := recover(); cause != nil {
			given = answer{Error: fmt.Sprint(cause)}
		}
	}()
	var err error
	switch {
	case asked.Object != nil:
		given, err = health(asked.Object)
	case asked.Manifest != nil:
		given.Stored, _, err = scheme.Codecs.UniversalDeserializer().Decode(asked.Manifest, nil, nil)
	default:
		given.Same, err = same(asked.Quantities)
	}
	if err != nil {
		given.Error = err.Error()
	}
	return given
}

func health(object map[string]any) (answer, error) {
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return answer{}, err
	}
	given := answer{Status: result.Status.String(), Message: result.Message}
	held, found, _ := unstructured.NestedMap(object, "spec", "selector")
	if !found {
		return given, nil
	}
	var labels metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(held, &labels) != nil {
		return given, nil
	}
	if selector, err := metav1.LabelSelectorAsSelector(&labels); err == nil {
		given.Selector = selector.String()
	}
	return given, nil
}

func same(quantities []string) (bool, error) {
	one, err := resource.ParseQuantity(quantities[0])
	if err != nil {
		return false, err
	}
	other, err := resource.ParseQuantity(quantities[1])
	if err != nil {
		return false, err
	}
	return one.Cmp(other) == 0, nil
}
