// Helm's own judgement of a chart, for tests:
//
//	chart lint FOLDER
//	chart template FOLDER NAME NAMESPACE [KEY=VALUE]...
//
// `lint` prints what `helm lint --strict` finds and ends with 1 when that is
// more than advice; `template` prints what `helm install` would send, and the
// chart's definitions first.
package main

import (
	"bytes"
	"fmt"
	"os"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/strvals"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "lint":
		err = check(os.Args[2])
	case len(os.Args) >= 5 && os.Args[1] == "template":
		err = render(os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
	default:
		fmt.Fprintln(os.Stderr, "usage: chart lint FOLDER | chart template FOLDER NAME NAMESPACE [KEY=VALUE]...")
		os.Exit(3)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func check(folder string) error {
	linter := lint.AllWithKubeVersion(folder, map[string]interface{}{}, "default", nil)
	for _, message := range linter.Messages {
		fmt.Println(message)
	}
	if linter.HighestSeverity >= support.WarningSev {
		return fmt.Errorf("%s is not in order", folder)
	}
	return nil
}

func render(folder, name, namespace string, settings []string) error {
	chart, err := loader.Load(folder)
	if err != nil {
		return err
	}
	given := map[string]interface{}{}
	for _, setting := range settings {
		if err := strvals.ParseInto(setting, given); err != nil {
			return err
		}
	}
	release := chartutil.ReleaseOptions{Name: name, Namespace: namespace, Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(chart, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return err
	}
	texts, err := engine.Engine{Strict: true}.Render(chart, values)
	if err != nil {
		return err
	}
	for _, definition := range chart.CRDObjects() {
		fmt.Printf("---\n%s\n", definition.File.Data)
	}
	for name := range texts {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(texts, name)
		}
	}
	_, manifests, err := releaseutil.SortManifests(texts, nil, releaseutil.InstallOrder)
	if err != nil {
		return err
	}
	sort.SliceStable(manifests, func(i, j int) bool { return manifests[i].Name < manifests[j].Name })
	var out bytes.Buffer
	for _, manifest := range manifests {
		fmt.Fprintf(&out, "---\n%s\n", manifest.Content)
	}
	_, err = os.Stdout.Write(out.Bytes())
	return err
}
