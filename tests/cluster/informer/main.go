// An informer as operators in Go have it, for tests: says what it hears.
//
//	informer RESYNC GROUP/VERSION/RESOURCE NAMESPACE
//
// Lists and watches with client-go and $KUBECONFIG. Prints a line for each
// thing: `synced N`, `add NAME VALUE`, `update NAME OLD NEW`, `resync NAME`,
// `delete NAME`; VALUE is .data.value or .spec.value. Ends when standard input
// does.
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: informer RESYNC GROUP/VERSION/RESOURCE NAMESPACE")
		os.Exit(3)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "informer:", err)
		os.Exit(1)
	}
}

func run(resync, resource, namespace string) error {
	every, err := time.ParseDuration(resync)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, every, namespace, nil)
	informer := factory.ForResource(parse(resource)).Informer()
	if _, err := informer.AddEventHandler(handler()); err != nil {
		return err
	}
	factory.Start(stop)
	if !cache.WaitForCacheSync(stop, informer.HasSynced) {
		return fmt.Errorf("the cache did not sync")
	}
	fmt.Println("synced", len(informer.GetStore().List()))
	_, err = io.Copy(io.Discard, os.Stdin)
	close(stop)
	factory.Shutdown()
	return err
}

func parse(resource string) schema.GroupVersionResource {
	version, plural := "", ""
	for i := len(resource) - 1; i >= 0; i-- {
		if resource[i] == '/' {
			version, plural = resource[:i], resource[i+1:]
			break
		}
	}
	parsed, _ := schema.ParseGroupVersion(version)
	return parsed.WithResource(plural)
}

func handler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			added := object.(*unstructured.Unstructured)
			fmt.Println("add", added.GetName(), value(added))
		},
		UpdateFunc: func(before, after any) {
			old, now := before.(*unstructured.Unstructured), after.(*unstructured.Unstructured)
			if old.GetResourceVersion() == now.GetResourceVersion() {
				fmt.Println("resync", now.GetName())
			} else {
				fmt.Println("update", now.GetName(), value(old), value(now))
			}
		},
		DeleteFunc: func(object any) {
			name, _ := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
			_, name, _ = cache.SplitMetaNamespaceKey(name)
			fmt.Println("delete", name)
		},
	}
}

func value(object *unstructured.Unstructured) string {
	for _, part := range []string{"data", "spec"} {
		if found, ok, _ := unstructured.NestedFieldNoCopy(object.Object, part, "value"); ok {
			return fmt.Sprint(found)
		}
	}
	return "-"
}
