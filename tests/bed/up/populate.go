package up

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
)

// auditPolicy says what stands in audit.log: every request that is not of the bed itself, without bodies.
//
//go:embed audit-policy.yaml
var auditPolicy string

//go:embed storage-class.yaml
var storageClass []byte

// node is one that kwok keeps alive; it takes as many pods as a test can make.
const node = `apiVersion: v1
kind: Node
metadata:
  name: node-%[1]d
  labels:
    kubernetes.io/arch: amd64
    kubernetes.io/hostname: node-%[1]d
    kubernetes.io/os: linux
    topology.kubernetes.io/zone: zone-%[1]d
status:
  allocatable: {cpu: "256", memory: 1Ti, pods: "5000", ephemeral-storage: 10Ti}
  capacity: {cpu: "256", memory: 1Ti, pods: "5000", ephemeral-storage: 10Ti}
`

// populate makes the nodes and the storage class, and waits until nodes are ready and namespaces have their service
// account. Without kwok a node would never become ready, so there is none.
func (b *bed) populate(ctx context.Context) error {
	if err := b.api.create(ctx, "/apis/storage.k8s.io/v1/storageclasses", storageClass); err != nil {
		return err
	}
	if b.running[kwok] != nil {
		for i := range b.nodes {
			if err := b.api.create(ctx, "/api/v1/nodes", fmt.Appendf(nil, node, i+1)); err != nil {
				return err
			}
		}
		if err := until(ctx, "the nodes", b.nodesReady); err != nil {
			return err
		}
	}
	if b.running[controllerManager] == nil {
		return nil
	}
	return until(ctx, "the default service account", func(ctx context.Context) error {
		return b.api.get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
	})
}

func (b *bed) nodesReady(ctx context.Context) error {
	type condition struct{ Type, Status string }
	var nodes struct {
		Items []struct {
			Status struct{ Conditions []condition }
		}
	}
	if err := b.api.get(ctx, "/api/v1/nodes", &nodes); err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if !slices.Contains(node.Status.Conditions, condition{"Ready", "True"}) {
			return errors.New("a node is not ready")
		}
	}
	return nil
}
