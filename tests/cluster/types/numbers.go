// The numbers that fields have in protocol buffers, for src/sim/protobuf.data.
//
//	DEFINITION NUMBER <tab> FIELD
//
// A field of an inlined struct has the numbers on the way to it, with a point
// between; the struct's own number has a line without a field.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

type numbers map[string]string // line without its field -> field

// The number in `protobuf:"bytes,2,opt,name=x"`, "" for none.
func number(f reflect.StructField) string {
	if parts := strings.Split(f.Tag.Get("protobuf"), ","); len(parts) > 1 {
		return parts[1]
	}
	return ""
}

func (n numbers) fields(name, prefix string, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		json := strings.Split(f.Tag.Get("json"), ",")[0]
		if number(f) == "" {
			continue
		}
		key := prefix + number(f)
		if json == "" && f.Type.Kind() == reflect.Struct {
			n[name+" "+key] = "-" // inlined
			n.fields(name, key+".", f.Type)
		} else if json != "" && json != "-" {
			n[name+" "+key] = json
		}
	}
}

func (n numbers) visit(t reflect.Type, seen map[reflect.Type]bool) {
	t = innermost(t)
	if t.Kind() == reflect.Map {
		t = innermost(t.Elem())
	}
	if seen[t] || isLeaf(t) {
		return
	}
	seen[t] = true
	if name := definition(t); name != "" {
		n.fields(name, "", t)
	}
	for _, f := range fieldsOf(t) {
		n.visit(f.typ, seen)
	}
}

func printNumbers() {
	n, seen := numbers{}, map[reflect.Type]bool{}
	for _, t := range legacyscheme.Scheme.AllKnownTypes() {
		if strings.HasPrefix(t.PkgPath(), "k8s.io/kubernetes/") {
			continue // of no version
		}
		n.visit(t, seen)
	}
	n.visit(reflect.TypeFor[apiextensions.CustomResourceDefinition](), seen)
	lines := make([]string, 0, len(n))
	for key, field := range n {
		lines = append(lines, key+"\t"+field)
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}
