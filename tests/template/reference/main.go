// Runs template cases through Go's own text/template: JSON cases on standard input, JSON results on standard output.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/template"
)

// A Case is one template with its data; Files are parsed before it into the same name space.
type Case struct {
	Text  []byte
	Data  json.RawMessage
	Files []File
}

type File struct {
	Name string
	Text []byte
}

type Result struct {
	Output []byte
	// Chain holds the error and everything it wraps, outermost first, without repetitions.
	Chain []string
}

// Versions is a defined list type with a method, as Helm's APIVersions.
type Versions []string

func (v Versions) Has(name string) bool {
	for _, version := range v {
		if version == name {
			return true
		}
	}
	return false
}

// Table is a defined map type with methods, as Helm's Values and Files.
type Table map[string]interface{}

func (t Table) Get(key string) string            { return fmt.Sprint(t[key]) }
func (t Table) Fail(text string) (string, error) { return "", errors.New(text) }
func (t Table) Keys() int                        { return len(t) }

// Info is a struct with a String method on its pointer, as Helm's KubeVersion.
type Info struct {
	Major   string
	Minor   int
	Nothing interface{}
}

func (i *Info) String() string             { return "v" + i.Major }
func (i *Info) Add(n int, more ...int) int { return i.Minor + n + len(more) }

// Plain is a struct without methods.
type Plain struct {
	Name string
	Tags []string
}

func functions(t **template.Template) template.FuncMap {
	return template.FuncMap{
		"str":      func(s string) string { return s },
		"int":      func(n int) int { return n },
		"int64":    func(n int64) int64 { return n },
		"uint8":    func(n uint8) uint8 { return n },
		"float":    func(f float64) float64 { return f },
		"bool":     func(b bool) bool { return b },
		"any":      func(v interface{}) interface{} { return v },
		"list":     func(v ...interface{}) []interface{} { return v },
		"strings":  func(v ...string) []string { return v },
		"mapping":  func(m map[string]interface{}) int { return len(m) },
		"joined":   func(sep string, v ...int) string { return strings.Trim(fmt.Sprint(v), "[]") + sep },
		"none":     func() interface{} { return nil },
		"bytes":    func(s string) []byte { return []byte(s) },
		"fail":     func(s string) (string, error) { return "", errors.New(s) },
		"versions": func() Versions { return Versions{"v1", "apps/v1"} },
		"table":    func() Table { return Table{"a": "x", "Get": 1, "nil": nil} },
		"info":     func() *Info { return &Info{Major: "1", Minor: 2} },
		"plain":    func() *Plain { return &Plain{Name: "n", Tags: []string{"a", "b"}} },
		"nilmap":   func() map[string]interface{} { return nil },
		"texts":    func() map[string]string { return map[string]string{"a": "1"} },
		"include": func(name string, data interface{}) (string, error) {
			var out bytes.Buffer
			err := (*t).ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"tpl": func(text string, data interface{}) (string, error) {
			clone, err := (*t).Clone()
			if err != nil {
				return "", err
			}
			outer := *t
			*t = clone
			defer func() { *t = outer }()
			child, err := clone.New(clone.Name()).Parse(text)
			if err != nil {
				return "", fmt.Errorf("cannot parse template %q: %w", text, err)
			}
			var out bytes.Buffer
			if err := child.Option("missingkey=zero").Execute(&out, data); err != nil {
				return "", fmt.Errorf("error during tpl function execution for %q: %w", text, err)
			}
			return out.String(), nil
		},
	}
}

func run(c Case) (result Result) {
	defer func() {
		if r := recover(); r != nil {
			result = Result{Chain: []string{fmt.Sprintf("panic: %v", r)}}
		}
	}()
	var data interface{}
	if err := json.Unmarshal(c.Data, &data); err != nil {
		panic(err)
	}
	root := template.New("root").Option("missingkey=zero")
	root.Funcs(functions(&root))
	out := bytes.Buffer{}
	var err error
	for _, file := range append(c.Files, File{"main", c.Text}) {
		if _, err = root.New(file.Name).Parse(string(file.Text)); err != nil {
			break
		}
	}
	if err == nil {
		err = root.ExecuteTemplate(&out, "main", data)
	}
	if err == nil {
		return Result{Output: out.Bytes()}
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if n := len(result.Chain); n == 0 || result.Chain[n-1] != err.Error() {
			result.Chain = append(result.Chain, err.Error())
		}
	}
	return result
}

func main() {
	var cases []Case
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	results := make([]Result, len(cases))
	for i, c := range cases {
		results[i] = run(c)
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		panic(err)
	}
}
