use super::*;
use crate::autoscaler::workload::ContainerRole;

const ROLLOUT: (&str, &str) = ("argoproj.io/v1alpha1", "Rollout");

pub(super) fn argo(path: &str) -> Answer {
    let base = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts";
    match path.strip_prefix(base) {
        Some("/web") => answer(StatusCode::OK, deployment("shop", "web")),
        Some("/web/scale") => answer(
            StatusCode::OK,
            json!({"metadata": {"name": "web"}, "spec": {"replicas": 4},
                "status": {"replicas": 4, "selector": "app=web"}}),
        ),
        Some(_) => not_found(),
        None => match path {
            SHOP_HPAS => list([
                hpa("shop", "web", ROLLOUT),
                hpa("shop", "gone", ROLLOUT),
                hpa("shop", "odd", ("argoproj.io/v1alpha1", "Workflow")),
                hpa("shop", "none", ("example.com/v1", "Thing")),
            ]),
            "/apis/argoproj.io" => answer(
                StatusCode::OK,
                json!({"name": "argoproj.io", "preferredVersion":
                    {"groupVersion": "argoproj.io/v1alpha1", "version": "v1alpha1"},
                    "versions": [{"groupVersion": "argoproj.io/v1alpha1", "version": "v1alpha1"}]}),
            ),
            "/apis/argoproj.io/v1alpha1" => {
                let resource = |name: &str, kind: &str| {
                    json!({"name": name, "kind": kind, "namespaced": true,
                        "singularName": "", "verbs": ["get"]})
                };
                answer(
                    StatusCode::OK,
                    json!({"groupVersion": "argoproj.io/v1alpha1", "resources": [
                        resource("rollouts", "Rollout"), resource("rollouts/scale", "Scale"),
                        resource("workflows", "Workflow")]}),
                )
            }
            "/apis/example.com" => not_found(),
            path => shop(path),
        },
    }
}

#[tokio::test]
async fn any_kind_with_a_scale_subresource_is_a_target() {
    let (cluster, asked) = recorded(|path: &str, _: &str| argo(path));
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    let of = |name: &str| {
        let mut subjects = fleet.subjects.iter();
        let subject = subjects.find(|it| it.autoscaler.id.name == name).unwrap();
        subject.workload.clone()
    };
    let web = of("web").unwrap();
    assert_eq!(web.replicas, Some(Replicas(4)));
    assert_eq!(web.containers[0].role, ContainerRole::NativeSidecar);
    assert_eq!(of("gone"), Err(NoWorkload::Missing));
    let not_scalable = |why: &str| {
        Err(NoWorkload::NotScalable {
            why: why.to_owned(),
        })
    };
    assert_eq!(of("odd"), not_scalable("Workflow has no scale subresource"));
    assert_eq!(
        of("none"),
        not_scalable("the cluster serves no API group `example.com`")
    );
    let asked = asked.lock().unwrap();
    let rollouts = asked.iter().filter(|it| it.ends_with("v1alpha1?")).count();
    assert_eq!(rollouts, 2, "discovery once for each kind: {asked:?}");
}

#[tokio::test]
async fn the_scale_alone_will_do() {
    let cluster = cluster(|path: &str, _: &str| match path {
        "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web" => forbidden("no rollouts"),
        path => argo(path),
    });
    let fleet = cluster.inventory(&named(&["web"])).await.unwrap();
    let web = fleet.subjects[0].workload.as_ref().unwrap();
    assert_eq!((web.replicas, web.containers.len()), (Some(Replicas(4)), 0));
}
