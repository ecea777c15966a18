//! The cluster of a fleet, asked by kube, by kubectl and by hand.

use std::path::Path;
use std::process::Command;

use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Discovery};
use serde_json::Value;

use super::super::cluster::{Cluster, Denied, Options, Reach, TOKEN};
use super::super::fleet::{Fleet, Parameters};
use super::super::prometheus::{self, Prometheus};

fn fleet() -> Fleet {
    Fleet::generate(&Parameters::tiny())
}

async fn client(server: &Cluster, context: &str) -> Client {
    let config = Kubeconfig::read_from(server.kubeconfig()).unwrap();
    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(config, &options)
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

#[tokio::test]
async fn pages_add_up_to_the_list() {
    let server = Cluster::start(&fleet(), Options::default());
    let pods: Api<Pod> = Api::all(client(&server, "good").await);
    let name = |it: &Pod| it.metadata.name.clone().unwrap();
    let whole: Vec<_> = pods
        .list(&ListParams::default())
        .await
        .unwrap()
        .iter()
        .map(name)
        .collect();
    let mut paged = Vec::new();
    let mut parameters = ListParams::default().limit(3);
    loop {
        let page = pods.list(&parameters).await.unwrap();
        assert!(page.items.len() <= 3);
        paged.extend(page.iter().map(name));
        match page.metadata.continue_.filter(|it| !it.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => break,
        }
    }
    assert!(whole.len() > 6);
    assert_eq!(whole, paged);
}

#[tokio::test]
async fn a_list_that_expired_says_so_on_its_second_page() {
    let options = Options {
        continue_expires: true,
        ..Options::default()
    };
    let server = Cluster::start(&fleet(), options);
    let pods: Api<Pod> = Api::all(client(&server, "good").await);
    let page = pods.list(&ListParams::default().limit(1)).await.unwrap();
    let token = page.metadata.continue_.unwrap();
    let error = pods
        .list(&ListParams::default().limit(1).continue_token(&token))
        .await;
    assert!(matches!(error, Err(kube::Error::Api(it)) if it.code == 410 && it.reason == "Expired"));
}

#[tokio::test]
async fn selectors_choose_by_labels() {
    let server = Cluster::start(&fleet(), Options::default());
    let hpas: Api<HorizontalPodAutoscaler> = Api::all(client(&server, "good").await);
    let cases = [
        ("app.kubernetes.io/name=web", 2),
        ("app.kubernetes.io/name==orders", 1),
        ("app.kubernetes.io/name!=web", 2),
        ("app.kubernetes.io/name in (web, orders)", 3),
        ("app.kubernetes.io/name notin (web,orders)", 1),
        ("app.kubernetes.io/name", 4),
        ("!app.kubernetes.io/name", 0),
        (
            "app.kubernetes.io/name in (web,orders),app.kubernetes.io/name!=web",
            1,
        ),
    ];
    for (selector, expected) in cases {
        let list = hpas
            .list(&ListParams::default().labels(selector))
            .await
            .unwrap();
        assert_eq!(list.items.len(), expected, "{selector}");
    }
}

#[tokio::test]
async fn only_what_is_denied_is_refused() {
    let denied = vec![
        Denied {
            verb: "list",
            resource: "pods",
            reach: Reach::Cluster,
        },
        Denied {
            verb: "get",
            resource: "horizontalpodautoscalers.autoscaling",
            reach: Reach::Everywhere,
        },
    ];
    let server = Cluster::start(
        &fleet(),
        Options {
            denied,
            ..Options::default()
        },
    );
    let limited = client(&server, "limited").await;
    let error = Api::<Pod>::all(limited.clone())
        .list(&ListParams::default())
        .await;
    let Err(kube::Error::Api(status)) = error else {
        panic!("not refused");
    };
    assert_eq!(status.code, 403);
    assert_eq!(
        status.message,
        "pods is forbidden: User \"system:serviceaccount:default:limited\" cannot list resource \
         \"pods\" in API group \"\" at the cluster scope"
    );
    let shop: Api<Pod> = Api::namespaced(limited.clone(), "shop");
    assert!(
        !shop
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let hpas: Api<HorizontalPodAutoscaler> = Api::namespaced(limited, "shop");
    assert!(matches!(hpas.get("web").await, Err(kube::Error::Api(it)) if it.is_forbidden()));
    let all: Api<Pod> = Api::all(client(&server, "good").await);
    assert!(all.list(&ListParams::default()).await.is_ok());
}

#[tokio::test]
async fn reviews_say_what_is_denied() {
    let denied = vec![Denied {
        verb: "get",
        resource: "deployments.apps/scale",
        reach: Reach::Namespace("shop".to_owned()),
    }];
    let server = Cluster::start(
        &fleet(),
        Options {
            denied,
            ..Options::default()
        },
    );
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client(&server, "limited").await);
    for (namespace, subresource, expected) in [
        ("shop", "scale", false),
        ("shop", "", true),
        ("media", "scale", true),
    ] {
        let review = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": "get",
                "group": "apps",
                "resource": "deployments",
                "subresource": subresource,
                "namespace": namespace,
            }},
        });
        let review = serde_json::from_value(review).unwrap();
        let answer = reviews
            .create(&PostParams::default(), &review)
            .await
            .unwrap();
        assert_eq!(
            answer.status.unwrap().allowed,
            expected,
            "{namespace} {subresource}"
        );
    }
}

#[tokio::test]
async fn contexts_go_wrong_as_they_are_called() {
    let server = Cluster::start(&fleet(), Options::default());
    let version = async |context| client(&server, context).await.apiserver_version().await;
    assert!(version("good").await.is_ok());
    assert!(version("exec").await.is_ok());
    assert!(matches!(version("expired").await, Err(kube::Error::Api(it)) if it.code == 401));
    for context in ["wrong-ca", "unreachable"] {
        assert!(
            !matches!(version(context).await, Ok(_) | Err(kube::Error::Api(_))),
            "{context}"
        );
    }
}

#[tokio::test]
async fn discovery_finds_the_custom_kind_with_its_scale() {
    let server = Cluster::start(&fleet(), Options::default());
    let client = client(&server, "good").await;
    for discovery in [
        Discovery::new(client.clone()).run().await.unwrap(),
        Discovery::new(client.clone())
            .run_aggregated()
            .await
            .unwrap(),
    ] {
        let group = discovery.get("argoproj.io").unwrap();
        let (resource, capabilities) = group.recommended_kind("Rollout").unwrap();
        assert_eq!(resource.plural, "rollouts");
        assert!(
            capabilities
                .subresources
                .iter()
                .any(|it| it.0.plural == "scale")
        );
    }
}

#[tokio::test]
async fn scale_of_every_kind_names_replicas_and_selector() {
    let fleet = Fleet::generate(&Parameters {
        workloads: 8,
        ..Parameters::tiny()
    });
    let server = Cluster::start(&fleet, Options::default());
    for path in [
        "/apis/apps/v1/namespaces/shop/deployments/web/scale",
        "/apis/apps/v1/namespaces/shop/statefulsets/orders/scale",
        "/apis/argoproj.io/v1alpha1/namespaces/media/rollouts/render/scale",
    ] {
        let scale = get(&server, path, "application/json").await;
        assert_eq!(scale["kind"], "Scale", "{path}");
        assert!(scale["spec"]["replicas"].as_u64() > Some(0), "{path}");
        let selector = scale["status"]["selector"].as_str().unwrap();
        assert!(selector.starts_with("app.kubernetes.io/name="), "{path}");
    }
}

async fn get(server: &Cluster, path: &str, accept: &str) -> Value {
    let request = super::http(Some(&server.authority)).get(format!("{}{path}", server.url));
    let request = request.bearer_auth(TOKEN).header("accept", accept);
    let text = request.send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn metadata_alone_is_given_where_it_is_asked_for() {
    let server = Cluster::start(&fleet(), Options::default());
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let list = get(&server, "/api/v1/namespaces/shop/pods", accept).await;
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    let pod = &list["items"][0];
    assert_eq!(pod["kind"], "PartialObjectMetadata");
    assert!(pod["metadata"]["ownerReferences"][0]["name"].is_string());
    assert!(pod.get("spec").is_none() && pod.get("status").is_none());
}

fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> Option<std::process::Output> {
    let home = kubeconfig.parent().unwrap();
    let output = Command::new("kubectl")
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .args(arguments)
        .env("HOME", home)
        .env_remove("KUBECONFIG")
        .output();
    if output.is_err() {
        eprintln!("SKIPPED: kubectl is not installed");
    }
    output.ok()
}

#[test]
fn the_real_kubectl_reads_it() {
    let server = Cluster::start(&fleet(), Options::default());
    let config = server.kubeconfig();
    let cases: [(&[&str], &str); 5] = [
        (&["get", "--raw", "/version"], "v1.36.2"),
        (
            &["get", "hpa", "-A", "-o", "name"],
            "horizontalpodautoscaler.autoscaling/web\n",
        ),
        (
            &[
                "get",
                "pods",
                "-l",
                "app.kubernetes.io/name=web",
                "-o",
                "name",
            ],
            "pod/web-",
        ),
        (&["get", "rollouts", "-A"], "No resources found"),
        (&["api-resources"], "rollouts"),
    ];
    for (arguments, expected) in cases {
        let Some(output) = kubectl(&config, arguments) else {
            return;
        };
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains(expected), "kubectl {arguments:?} says {said}");
    }
}

#[tokio::test]
async fn the_service_proxy_leads_to_prometheus() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = fleet();
    let prometheus = Prometheus::start(&fleet, &[]);
    let options = Options {
        prometheus: Some(prometheus.url.clone()),
        ..Options::default()
    };
    let server = Cluster::start(&fleet, options);
    let services = format!("{}/api/v1/namespaces/monitoring/services", server.url);
    let http = super::http(Some(&server.authority));
    let time = fleet.parameters.end.to_string();
    let form = [("query", "count(kube_pod_owner)"), ("time", &time)];
    for name in [
        "prometheus-operated",
        "prometheus-operated:http-web",
        "http:kube-prometheus-stack-prometheus:9090",
    ] {
        let url = format!("{services}/{name}/proxy/api/v1/query");
        let answer = http
            .post(url)
            .bearer_auth(TOKEN)
            .form(&form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let count: usize = answer["data"]["result"][0]["value"][1]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(count > 0, "{name}");
    }
    for (name, status) in [
        ("nobody", 404),
        ("prometheus-operated:8080", 503),
        ("kube-prometheus-stack-alertmanager", 503),
    ] {
        let url = format!("{services}/{name}/proxy/-/ready");
        let answer = http.get(url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}");
    }
}
