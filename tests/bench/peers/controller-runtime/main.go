// The Website operator as the documentation of controller-runtime recommends
// it: typed objects, CreateOrUpdate, an owner reference on each child, a status
// that is written when it differs.
//
//	usage: peer [--cache pods|secrets] [--tuned]
//
// --cache reads one kind through the manager's cache and does nothing else.
// --tuned has ten workers and no rate of its own, as large installations do.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"sort"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const defaultImage = "busybox:1.37"

type reconciler struct {
	client.Client
	scheme *runtime.Scheme
}

func labelsOf(site *Website) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":     "website",
		"app.kubernetes.io/instance": site.Name,
	}
}

func checksum(content map[string]string) string {
	names := make([]string, 0, len(content))
	for name := range content {
		names = append(names, name)
	}
	sort.Strings(names)
	hash := sha256.New()
	for _, name := range names {
		fmt.Fprintf(hash, "%q=%q\n", name, content[name])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (r *reconciler) configMap(ctx context.Context, site *Website) error {
	child := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: site.Name, Namespace: site.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, child, func() error {
		child.Labels = labelsOf(site)
		child.Data = site.Spec.Content
		return controllerutil.SetControllerReference(site, child, r.scheme)
	})
	return err
}

func (r *reconciler) service(ctx context.Context, site *Website) error {
	child := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: site.Name, Namespace: site.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, child, func() error {
		child.Labels = labelsOf(site)
		child.Spec.Selector = labelsOf(site)
		if len(child.Spec.Ports) != 1 {
			child.Spec.Ports = make([]corev1.ServicePort, 1)
		}
		port := &child.Spec.Ports[0]
		port.Name, port.Protocol = "http", corev1.ProtocolTCP
		port.Port, port.TargetPort = site.Spec.Port, intstr.FromString("http")
		return controllerutil.SetControllerReference(site, child, r.scheme)
	})
	return err
}

// Only the fields that are ours are set: what the server defaults stays.
func fillPod(site *Website, template *corev1.PodTemplateSpec) {
	image := site.Spec.Image
	if image == "" {
		image = defaultImage
	}
	template.Labels = labelsOf(site)
	template.Annotations = map[string]string{"example.com/content": checksum(site.Spec.Content)}
	if len(template.Spec.Containers) != 1 {
		template.Spec.Containers = make([]corev1.Container, 1)
	}
	httpd := &template.Spec.Containers[0]
	httpd.Name, httpd.Image = "httpd", image
	httpd.Command = []string{"httpd", "-f", "-p", "8080", "-h", "/www"}
	httpd.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}
	if httpd.ReadinessProbe == nil {
		httpd.ReadinessProbe = &corev1.Probe{}
	}
	httpd.ReadinessProbe.ProbeHandler = corev1.ProbeHandler{
		TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("http")}}
	httpd.VolumeMounts = []corev1.VolumeMount{{Name: "content", MountPath: "/www"}}
	if len(template.Spec.Volumes) != 1 || template.Spec.Volumes[0].ConfigMap == nil {
		template.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{}}}}
	}
	template.Spec.Volumes[0].Name = "content"
	template.Spec.Volumes[0].ConfigMap.Name = site.Name
}

func (r *reconciler) deployment(ctx context.Context, site *Website) (*appsv1.Deployment, error) {
	child := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: site.Name, Namespace: site.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, child, func() error {
		child.Labels = labelsOf(site)
		if site.Spec.Replicas != nil {
			child.Spec.Replicas = site.Spec.Replicas
		}
		if child.Spec.Selector == nil {
			child.Spec.Selector = &metav1.LabelSelector{MatchLabels: labelsOf(site)}
		}
		fillPod(site, &child.Spec.Template)
		return controllerutil.SetControllerReference(site, child, r.scheme)
	})
	return child, err
}

func ready(site *Website, running *appsv1.Deployment) metav1.Condition {
	condition := metav1.Condition{Type: "Ready", Status: metav1.ConditionUnknown, Reason: "Starting",
		Message:            fmt.Sprintf("%d replicas are ready", running.Status.ReadyReplicas),
		ObservedGeneration: site.Generation}
	for _, c := range running.Status.Conditions {
		if c.Type != appsv1.DeploymentAvailable {
			continue
		}
		condition.Status, condition.Reason = metav1.ConditionStatus(c.Status), "Unavailable"
		if c.Status == corev1.ConditionTrue {
			condition.Reason = "Serving"
		}
	}
	return condition
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var site Website
	if err := r.Get(ctx, request.NamespacedName, &site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if err := r.configMap(ctx, &site); err != nil {
		return ctrl.Result{}, err
	}
	running, err := r.deployment(ctx, &site)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.service(ctx, &site); err != nil {
		return ctrl.Result{}, err
	}
	before := site.Status.DeepCopy()
	site.Status.ObservedGeneration = site.Generation
	site.Status.ReadyReplicas = running.Status.ReadyReplicas
	meta.SetStatusCondition(&site.Status.Conditions, ready(&site, running))
	if equality.Semantic.DeepEqual(before, &site.Status) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, r.Status().Update(ctx, &site)
}

func (s *WebsiteStatus) DeepCopy() *WebsiteStatus {
	out := *s
	out.Conditions = append([]metav1.Condition(nil), s.Conditions...)
	return &out
}

func run(kind string, tuned bool) error {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := schemeBuilder.AddToScheme(scheme); err != nil {
		return err
	}
	config := ctrl.GetConfigOrDie()
	options := controller.Options{}
	if tuned {
		config.QPS, options.MaxConcurrentReconciles = -1, 10
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme,
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0"})
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	if kind != "" {
		object := map[string]client.Object{"pods": &corev1.Pod{}, "secrets": &corev1.Secret{}}[kind]
		if _, err := manager.GetCache().GetInformer(ctx, object); err != nil {
			return err
		}
	} else if err := ctrl.NewControllerManagedBy(manager).For(&Website{}).
		Owns(&corev1.ConfigMap{}).Owns(&appsv1.Deployment{}).Owns(&corev1.Service{}).
		WithOptions(options).Complete(&reconciler{manager.GetClient(), scheme}); err != nil {
		return err
	}
	go func() {
		if manager.GetCache().WaitForCacheSync(ctx) {
			fmt.Println("synced")
		}
	}()
	return manager.Start(ctx)
}

func main() {
	kind := flag.String("cache", "", "only cache this kind: pods or secrets")
	tuned := flag.Bool("tuned", false, "ten workers, no rate limit")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(*kind, *tuned); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
