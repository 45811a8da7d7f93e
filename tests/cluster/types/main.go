// What only the Go types of the API know: which zero values are printed, and
// what the defaulter sets. Run by src/kube/schema_gen.py.
// With the argument `numbers`: see numbers.go.
//
//	DEFINITION:FIELD <tab> ATTRIBUTE...
//
// The attributes are those of schema_gen.py: zero, micro and set. A default is
// given only where every kind agrees on it and it depends on nothing else.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/authentication/install"
	_ "k8s.io/kubernetes/pkg/apis/authorization/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
)

var packages = []string{
	"k8s.io/api/", "k8s.io/apimachinery/pkg/apis/", "k8s.io/apimachinery/pkg/",
	"k8s.io/apiextensions-apiserver/pkg/apis/", "k8s.io/kube-aggregator/pkg/apis/",
}

// The name that OpenAPI has for a type, "" for one that it has not.
func definition(t reflect.Type) string {
	for _, prefix := range packages {
		if rest, ok := strings.CutPrefix(t.PkgPath(), prefix); ok {
			return strings.ReplaceAll(rest, "/", ".") + "." + t.Name()
		}
	}
	return ""
}

// Types that print themselves: no fields to speak of.
func isLeaf(t reflect.Type) bool {
	marshaler := reflect.TypeFor[json.Marshaler]()
	return t.Kind() != reflect.Struct || t.Implements(marshaler) ||
		reflect.PointerTo(t).Implements(marshaler)
}

type field struct {
	name  string
	index []int
	typ   reflect.Type
	tag   []string
}

// The fields of a struct as JSON has them: inlined ones are its own.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		switch {
		case tag[0] == "-" || !f.IsExported():
		case tag[0] == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
		case tag[0] != "":
			all = append(all, field{tag[0], []int{i}, f.Type, tag[1:]})
		}
	}
	return all
}

func (f field) has(option string) bool {
	for _, one := range f.tag {
		if one == option {
			return true
		}
	}
	return false
}

func (f field) zero() string {
	omitted := f.has("omitzero") || f.has("omitempty") && f.typ.Kind() != reflect.Struct
	switch {
	case f.typ.Kind() == reflect.Pointer && omitted:
		return "keep"
	case f.typ.Kind() == reflect.Pointer:
		return "null"
	case omitted:
		return ""
	}
	return "always"
}

// What is set depends on other fields, or on the time: rules_default*.c.
var conditional = map[string]bool{
	"apps.v1.DaemonSetUpdateStrategy:rollingUpdate":   true,
	"apps.v1.DeploymentStrategy:rollingUpdate":        true,
	"apps.v1.StatefulSetUpdateStrategy:rollingUpdate": true,
	"core.v1.ConfigMap:data":                          true,
	"core.v1.Container:imagePullPolicy":               true,
	"core.v1.EphemeralContainer:imagePullPolicy":      true,
	"core.v1.ImageVolumeSource:pullPolicy":            true,
	"core.v1.ServiceSpec:internalTrafficPolicy":       true,
	"core.v1.Volume:emptyDir":                         true,
	"networking.v1.NetworkPolicySpec:policyTypes":     true,
}

// Objects whose inner parts are defaulted nowhere else by the same rules.
var special = map[string]bool{"VolumeAttachment": true}

// A step from an object to one inside it.
type step struct{ index []int }

type walker struct {
	zeros map[string]string          // of each definition's field
	sets  map[string]map[string]bool // the values it was seen with
	micro map[string]bool            // those that keep microseconds
}

// The struct at the end of the steps; what is on the way is made.
func reach(v reflect.Value, steps []step) reflect.Value {
	for _, s := range steps {
		v = enter(v.FieldByIndex(s.index))
	}
	return v
}

func enter(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return enter(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		return enter(v.Index(0))
	}
	return v
}

func innermost(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

func (w *walker) walk(root, t reflect.Type, steps []step, above []reflect.Type) {
	name := definition(t)
	for _, one := range above {
		if one == t {
			return
		}
	}
	object := reflect.New(root)
	reach(object.Elem(), steps)
	legacyscheme.Scheme.Default(object.Interface().(runtime.Object))
	parent := reach(object.Elem(), steps)
	for _, f := range fieldsOf(t) {
		key := name + ":" + f.name
		w.note(key, f)
		if w.sets[key] == nil {
			w.sets[key] = map[string]bool{}
		}
		w.sets[key][text(parent.FieldByIndex(f.index))] = true
		inner := innermost(f.typ)
		if inner.Kind() == reflect.Map {
			w.walkMap(root, inner, above)
		} else if !isLeaf(inner) {
			next := append(append([]step{}, steps...), step{f.index})
			w.walk(root, inner, next, append(append([]reflect.Type{}, above...), t))
		}
	}
}

func (w *walker) note(key string, f field) {
	w.zeros[key] = f.zero()
	w.micro[key] = innermost(f.typ) == reflect.TypeFor[metav1.MicroTime]()
}

// Values of maps have no defaults anywhere: their types alone are noted.
func (w *walker) walkMap(root, t reflect.Type, above []reflect.Type) {
	if inner := innermost(t.Elem()); !isLeaf(inner) {
		w.plain(inner, above)
	}
}

// Notes the tags of a type that is not reached by the defaulter.
func (w *walker) plain(t reflect.Type, above []reflect.Type) {
	for _, one := range above {
		if one == t {
			return
		}
	}
	for _, f := range fieldsOf(t) {
		w.note(definition(t)+":"+f.name, f)
		inner := innermost(f.typ)
		if inner.Kind() == reflect.Map {
			inner = innermost(inner.Elem())
		}
		if !isLeaf(inner) {
			w.plain(inner, append(append([]reflect.Type{}, above...), t))
		}
	}
}

// What a field was set to, "" for nothing. Of objects only that they are.
func text(v reflect.Value) string {
	if v.IsZero() {
		return ""
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !isLeaf(v.Type()) {
		return "{}"
	}
	out, err := json.Marshal(v.Interface())
	if err != nil {
		panic(err)
	}
	return string(out)
}

// The one value that all kinds set, "" for none.
func (w *walker) set(key string) string {
	_, name, _ := strings.Cut(key, ":")
	if len(w.sets[key]) != 1 || conditional[key] || name == "timeAdded" {
		return ""
	}
	for value := range w.sets[key] {
		if value != "{}" || w.zeros[key] != "always" {
			return value
		}
	}
	return ""
}

func (w *walker) print() {
	keys := make([]string, 0, len(w.zeros))
	for key := range w.zeros {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		line := key
		if w.zeros[key] != "" {
			line += "\tzero=" + w.zeros[key]
		}
		if w.micro[key] {
			line += "\tmicro"
		}
		if set := w.set(key); set != "" {
			line += "\tset=" + set
		}
		if line != key {
			fmt.Println(line)
		}
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "numbers" {
		printNumbers()
		return
	}
	w := &walker{zeros: map[string]string{}, sets: map[string]map[string]bool{},
		micro: map[string]bool{}}
	for gvk, t := range legacyscheme.Scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		if special[gvk.Kind] {
			w.plain(t, nil)
		} else {
			w.walk(t, t, nil, nil)
		}
	}
	w.plain(reflect.TypeFor[apiextensions.CustomResourceDefinition](), nil)
	w.plain(reflect.TypeFor[apiregistration.APIService](), nil)
	w.plain(reflect.TypeFor[metav1.ListMeta](), nil)
	w.print()
}
