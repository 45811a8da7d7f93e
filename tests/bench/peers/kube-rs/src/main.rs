//! The Website operator as the documentation of kube-rs recommends it: typed
//! objects, a Controller that owns its children, server-side apply.
//!
//!     usage: peer [--cache pods|secrets]
//!
//! --cache keeps one kind in a reflector's store and does nothing else.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Pod, Secret, Service},
};
use kube::{
    api::{Patch, PatchParams},
    runtime::{
        controller::{Action, Controller},
        reflector, watcher, WatchStreamExt,
    },
    Api, Client, CustomResource, Resource, ResourceExt,
};
use schemars::JsonSchema;
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

const MANAGER: &str = "peer-website";
const DEFAULT_IMAGE: &str = "busybox:1.37";

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Website", namespaced)]
#[kube(status = "WebsiteStatus")]
#[serde(rename_all = "camelCase")]
struct WebsiteSpec {
    content: BTreeMap<String, String>,
    replicas: Option<i32>,
    image: Option<String>,
    #[serde(default = "default_port")]
    port: i32,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WebsiteStatus {
    observed_generation: Option<i64>,
    ready_replicas: Option<i32>,
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Condition {
    r#type: String,
    status: String,
    reason: String,
    message: String,
    last_transition_time: String,
}

fn default_port() -> i32 {
    80
}

#[derive(thiserror::Error, Debug)]
enum Error {
    #[error(transparent)]
    Kube(#[from] kube::Error),
    #[error("a Website without {0}")]
    Missing(&'static str),
}

struct Context {
    client: Client,
}

fn labels_of(name: &str) -> Value {
    json!({"app.kubernetes.io/name": "website", "app.kubernetes.io/instance": name})
}

fn checksum(content: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in content {
        hash.update(format!("{name:?}={text:?}\n"));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn deployment(site: &Website, name: &str) -> Value {
    let labels = labels_of(name);
    let mut spec = json!({
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {
                "labels": labels,
                "annotations": {"example.com/content": checksum(&site.spec.content)},
            },
            "spec": {
                "containers": [{
                    "name": "httpd",
                    "image": site.spec.image.as_deref().unwrap_or(DEFAULT_IMAGE),
                    "command": ["httpd", "-f", "-p", "8080", "-h", "/www"],
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "readinessProbe": {"tcpSocket": {"port": "http"}},
                    "volumeMounts": [{"name": "content", "mountPath": "/www"}],
                }],
                "volumes": [{"name": "content", "configMap": {"name": name}}],
            },
        },
    });
    if let Some(replicas) = site.spec.replicas {
        spec["replicas"] = json!(replicas);
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec})
}

async fn apply<K>(api: &Api<K>, site: &Website, mut child: Value) -> Result<K, Error>
where
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    let name = site.name_any();
    let owner = site.controller_owner_ref(&()).ok_or(Error::Missing("uid"))?;
    child["metadata"] = json!({
        "name": name, "labels": labels_of(&name), "ownerReferences": [owner]});
    let params = PatchParams::apply(MANAGER).force();
    Ok(api.patch(&name, &params, &Patch::Apply(&child)).await?)
}

fn status_of(site: &Website, running: &Deployment) -> Value {
    let seen = running.status.as_ref();
    let ready = seen.and_then(|s| s.ready_replicas).unwrap_or(0);
    let available = seen
        .and_then(|s| s.conditions.as_ref())
        .and_then(|all| all.iter().find(|c| c.type_.as_deref() == Some("Available")))
        .and_then(|c| c.status.clone());
    let status = available.unwrap_or_else(|| "Unknown".into());
    let reason = match status.as_str() {
        "True" => "Serving",
        "False" => "Unavailable",
        _ => "Starting",
    };
    let before = site.status.as_ref().and_then(|s| s.conditions.first());
    let since = match before {
        Some(c) if c.status == status => c.last_transition_time.clone(),
        _ => k8s_openapi::jiff::Timestamp::now().strftime("%FT%TZ").to_string(),
    };
    json!({
        "observedGeneration": site.metadata.generation,
        "readyReplicas": ready,
        "conditions": [{
            "type": "Ready", "status": status, "reason": reason,
            "message": format!("{ready} replicas are ready"),
            "lastTransitionTime": since,
        }],
    })
}

async fn reconcile(site: Arc<Website>, context: Arc<Context>) -> Result<Action, Error> {
    let client = context.client.clone();
    let namespace = site.namespace().ok_or(Error::Missing("namespace"))?;
    let name = site.name_any();

    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": site.spec.content});
    apply(&Api::<ConfigMap>::namespaced(client.clone(), &namespace), &site, config).await?;

    let deployments = Api::<Deployment>::namespaced(client.clone(), &namespace);
    let running = apply(&deployments, &site, deployment(&site, &name)).await?;

    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {
        "selector": labels_of(&name),
        "ports": [{"name": "http", "port": site.spec.port, "targetPort": "http"}],
    }});
    apply(&Api::<Service>::namespaced(client.clone(), &namespace), &site, service).await?;

    let status = status_of(&site, &running);
    if serde_json::to_value(&site.status).ok().as_ref() != Some(&status) {
        let body = json!({
            "apiVersion": Website::api_version(&()), "kind": Website::kind(&()), "status": status});
        Api::<Website>::namespaced(client, &namespace)
            .patch_status(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&body))
            .await?;
    }
    Ok(Action::await_change())
}

fn on_error(_site: Arc<Website>, error: &Error, _context: Arc<Context>) -> Action {
    eprintln!("reconcile failed: {error}");
    Action::requeue(Duration::from_secs(1))
}

async fn cache<K>(client: Client)
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (reader, writer) = reflector::store();
    let stream = reflector(writer, watcher(Api::<K>::all(client), watcher::Config::default()))
        .default_backoff()
        .touched_objects();
    tokio::spawn(async move {
        if reader.wait_until_ready().await.is_ok() {
            println!("synced");
        }
        // the store is what is measured: it lives as long as the process
        std::future::pending::<()>().await;
        drop(reader);
    });
    stream.for_each(|_| futures::future::ready(())).await;
}

async fn control(client: Client) {
    let sites = Api::<Website>::all(client.clone());
    let config = watcher::Config::default();
    let controller = Controller::new(sites, config.clone());
    let store = controller.store();
    tokio::spawn(async move {
        if store.wait_until_ready().await.is_ok() {
            println!("synced");
        }
    });
    controller
        .owns(Api::<ConfigMap>::all(client.clone()), config.clone())
        .owns(Api::<Deployment>::all(client.clone()), config.clone())
        .owns(Api::<Service>::all(client.clone()), config)
        .shutdown_on_signal()
        .run(reconcile, on_error, Arc::new(Context { client }))
        .for_each(|_| futures::future::ready(()))
        .await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::try_default().await?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => control(client).await,
        ["--cache", "pods"] => cache::<Pod>(client).await,
        ["--cache", "secrets"] => cache::<Secret>(client).await,
        _ => return Err("usage: peer [--cache pods|secrets]".into()),
    }
    Ok(())
}
