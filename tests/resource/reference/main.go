// Command apiserver-oracle answers, line by line, what a Kubernetes API server says to an object of a custom
// resource: it strings together the same packages in the same order as the server's create and update handlers
// (k8s.io/apiextensions-apiserver: pkg/apiserver/customresource_handler.go, pkg/registry/customresource).
//
//	apiserver-oracle CRD.yaml < requests
//
// The first line of the answer is about the CustomResourceDefinition itself. Every further line answers one request
// {"new": object, "old": object or absent}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/api/operation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"sigs.k8s.io/yaml"
)

type request struct {
	New any            `json:"new"`
	Old map[string]any `json:"old,omitempty"`
}

type answer struct {
	// Unknown holds the paths of fields that strict decoding refuses.
	Unknown []string `json:"unknown,omitempty"`
	// Decode is the error that ends the request before any validation.
	Decode string `json:"decode,omitempty"`
	// Errors holds what validation says, as kubectl prints it.
	Errors []string `json:"errors,omitempty"`
	// Object is the object as it would be stored.
	Object map[string]any `json:"object,omitempty"`
}

type server struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
	kind       string
	apiVersion string
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	crd, refused, err := load(text)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	if err := out.Encode(answer{Errors: messages(refused)}); err != nil {
		return err
	}
	server, err := serve(crd)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var asked request
		if err := decode(lines.Bytes(), &asked); err != nil {
			return err
		}
		if err := out.Encode(server.answer(asked)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// decode reads as the server does: whole numbers become int64.
func decode(line []byte, asked *request) error {
	return utiljson.Unmarshal(line, asked)
}

func load(text []byte) (*apiextensions.CustomResourceDefinition, field.ErrorList, error) {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	var external v1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &external); err != nil {
		return nil, nil, err
	}
	scheme.Default(&external)
	external.Status.StoredVersions = []string{external.Spec.Versions[0].Name}
	var internal apiextensions.CustomResourceDefinition
	if err := scheme.Convert(&external, &internal, nil); err != nil {
		return nil, nil, err
	}
	return &internal, crdvalidation.ValidateCustomResourceDefinition(context.Background(), &internal), nil
}

func serve(crd *apiextensions.CustomResourceDefinition) (*server, error) {
	version := crd.Spec.Versions[0]
	definition := version.Schema
	if definition == nil {
		definition = crd.Spec.Validation
	}
	structural, err := schema.NewStructural(definition.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(definition.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	return &server{
		structural: structural,
		schema:     validator,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
		kind:       crd.Spec.Names.Kind,
		apiVersion: crd.Spec.Group + "/" + version.Name,
	}, nil
}

func (s *server) answer(asked request) answer {
	if asked.Old != nil {
		s.admit(asked.Old)
	}
	object, ok := asked.New.(map[string]any)
	if !ok {
		return answer{Decode: "the object has no apiVersion and kind"}
	}
	unknown, err := s.admit(object)
	if err != nil {
		return answer{Decode: err.Error()}
	}
	errs := s.validate(object, asked.Old)
	return answer{Unknown: unknown, Errors: messages(errs), Object: object}
}

// admit is what decoding does: unknown fields are found and dropped, defaults are set, the namespace of the request
// fills an empty one.
func (s *server) admit(object map[string]any) ([]string, error) {
	_, found, unknown, err := objectmeta.GetObjectMetaWithOptions(object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	unknown = append(unknown, pruning.PruneWithOptions(object, s.structural, true, options)...)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.structural)
	delete(object, "status")
	defaulting.Default(object, s.structural)
	if !found {
		object["metadata"] = map[string]any{}
	}
	if metadata, ok := object["metadata"].(map[string]any); ok && metadata["namespace"] == nil {
		metadata["namespace"] = "default"
	}
	return unknown, nil
}

func (s *server) validate(object, old map[string]any) field.ErrorList {
	errs := s.validateType(object)
	if len(errs) > 0 {
		return errs
	}
	ctx := context.Background()
	if old == nil {
		errs = append(errs, validateMetadata(ctx, object, nil)...)
		errs = append(errs, validation.ValidateCustomResource(nil, object, s.schema)...)
		errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, object)...)
		return append(errs, s.validateRules(ctx, errs, object, nil)...)
	}
	correlated := common.NewCorrelatedObject(object, old, &model.Structural{Structural: s.structural})
	errs = append(errs, validateMetadata(ctx, object, old)...)
	errs = append(errs, validation.ValidateCustomResourceUpdate(nil, object, old, s.schema, validation.WithRatcheting(correlated))...)
	return append(errs, s.validateRules(ctx, errs, object, old, cel.WithRatcheting(correlated))...)
}

func (s *server) validateType(object map[string]any) (errs field.ErrorList) {
	resource := unstructured.Unstructured{Object: object}
	if resource.GetKind() != s.kind {
		errs = append(errs, field.Invalid(field.NewPath("kind"), resource.GetKind(), "must be "+s.kind))
	}
	if resource.GetAPIVersion() != s.apiVersion {
		errs = append(errs, field.Invalid(field.NewPath("apiVersion"), resource.GetAPIVersion(), "must be "+s.apiVersion))
	}
	return errs
}

func validateMetadata(ctx context.Context, object, old map[string]any) field.ErrorList {
	path := field.NewPath("metadata")
	current, err := metadata(object)
	if err != nil {
		return field.ErrorList{field.Invalid(path, object["metadata"], err.Error())}
	}
	if old == nil {
		return metavalidation.ValidateObjectMetaDeclaratively(ctx, operation.Create, current, nil, true, metavalidation.NameIsDNSSubdomain, path, false)
	}
	return nil
}

func metadata(object map[string]any) (*metav1.ObjectMeta, error) {
	meta := &metav1.ObjectMeta{}
	raw, _ := object["metadata"].(map[string]any)
	return meta, runtime.DefaultUnstructuredConverter.FromUnstructured(raw, meta)
}

func (s *server) validateRules(ctx context.Context, errs field.ErrorList, object, old map[string]any, options ...cel.Option) field.ErrorList {
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return field.ErrorList{field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")}
		}
	}
	var before any
	if old != nil {
		before = old
	}
	found, _ := s.rules.Validate(ctx, nil, s.structural, object, before, celconfig.RuntimeCELCostBudget, options...)
	return found
}

func messages(errs field.ErrorList) (texts []string) {
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return texts
}
