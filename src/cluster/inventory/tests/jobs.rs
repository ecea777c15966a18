//! ScaledJobs: their own targets, with the pods of their jobs.

use super::*;

const SHOP_SCALED: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledjobs";
const SHOP_JOBS: &str = "/apis/batch/v1/namespaces/shop/jobs";

fn scaled_job(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "uid": "u1", "labels": {"team": "a"},
            "annotations": {"autoscaling.keda.sh/paused": "true", "note": "secret"},
            "managedFields": [{"manager": "kubectl"}]},
        "spec": {"maxReplicaCount": 7, "triggers": [{"type": "prometheus", "metadata": {
                "serverAddress": "http://p", "query": "q", "threshold": "5"}}],
            "jobTargetRef": {"parallelism": 1, "selector": {"matchLabels": {"note": "secret"}},
                "template": {"metadata": {"annotations": {"note": "secret"}}, "spec": {
                    "restartPolicy": "Never", "containers": [{"name": "app", "image": "secret",
                        "env": [{"name": "TOKEN", "value": "secret"}],
                        "resources": {"requests": {"cpu": "250m"}}}]}}}}})
}

fn owned(kind: (&str, &str), owner: &str, name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "ownerReferences": [
        {"apiVersion": kind.0, "kind": kind.1, "name": owner, "controller": true}]}})
}

fn running(name: &str, job: &str) -> Value {
    let mut pod = owned(("batch/v1", "Job"), job, name);
    pod["spec"] = json!({"containers": [{"name": "app",
        "resources": {"requests": {"cpu": "300m"}}}]});
    pod["status"] = json!({"phase": "Running"});
    pod
}

fn jobs(path: &str) -> Answer {
    match path {
        SHOP_SCALED => list([scaled_job("mail")]),
        SHOP_JOBS => list([
            owned(("keda.sh/v1alpha1", "ScaledJob"), "mail", "mail-aaaaa"),
            owned(("batch/v1", "CronJob"), "night", "night-1"),
        ]),
        "/api/v1/namespaces/shop/pods" => list([
            running("mail-aaaaa-bbbbb", "mail-aaaaa"),
            running("night-1-ccccc", "night-1"),
        ]),
        _ => list([]),
    }
}

#[tokio::test]
async fn a_scaled_job_is_what_it_scales() {
    let (cluster, asked) = recorded(|path: &str, _: &str| jobs(path));
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    assert_eq!(fleet.unread, []);
    let subject = &fleet.subjects[0];
    let autoscaler = &subject.autoscaler;
    assert_eq!(autoscaler.id.to_string(), "sj/mail in namespace shop");
    assert_eq!(autoscaler.target.to_string(), "ScaledJob/mail");
    assert_eq!((autoscaler.min, autoscaler.max), (Replicas(0), Replicas(7)));
    assert!(autoscaler.jobs.is_some() && autoscaler.hpa().is_empty());
    let workload = subject.workload.as_ref().unwrap();
    // The pod that runs says more than the template.
    assert_eq!(workload.cpu_request().map(|it| it.0), Some(0.3));
    assert_eq!((workload.pods, workload.replicas), (1, None));
    assert_eq!(fleet.pod_owners.len(), 1);
    assert_eq!(fleet.pod_owners[0].pod, "mail-aaaaa-bbbbb");
    let asked = asked.lock().unwrap();
    assert!(
        asked.iter().any(|it| it.starts_with(SHOP_JOBS)),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_template_tells_what_jobs_ask_for_while_none_runs() {
    let cluster = cluster(|path: &str, _: &str| match path {
        SHOP_SCALED => list([scaled_job("mail")]),
        _ => list([]),
    });
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    let workload = fleet.subjects[0].workload.as_ref().unwrap();
    assert_eq!(workload.cpu_request().map(|it| it.0), Some(0.25));
    assert_eq!(workload.pods, 0);
}

#[tokio::test]
async fn nothing_secret_of_a_template_is_shown() {
    let cluster = cluster(|path: &str, _: &str| jobs(path));
    let mut shown = vec![];
    let scope = Scope::default();
    let fleet = cluster.objects(&scope, |it| shown.push(it));
    let fleet = fleet.await.unwrap();
    let scaled = shown.iter().find(|it| it["kind"] == "ScaledJob").unwrap();
    assert_eq!(scaled["spec"]["jobTargetRef"]["parallelism"], 1);
    assert!(!json!(shown).to_string().contains("secret"), "{scaled}");
    // What was shown is as good as the cluster.
    let mut read = crate::cluster::offline::Inventory::new(&Scope::default()).unwrap();
    shown.into_iter().for_each(|it| read.add(it).unwrap());
    let again = read.finish(fleet.cluster.clone()).unwrap();
    assert_eq!(again.subjects.len(), 1);
    let (old, new) = (&fleet.subjects[0], &again.subjects[0]);
    assert_eq!(new.workload, old.workload);
    assert_eq!(new.autoscaler, old.autoscaler);
}

#[tokio::test]
async fn jobs_are_not_asked_for_without_a_scaled_job() {
    let (cluster, asked) = recorded(|path: &str, _: &str| shop(path));
    cluster.inventory(&Scope::default()).await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(!asked.iter().any(|it| it.contains("/batch/")), "{asked:?}");
}

#[tokio::test]
async fn who_may_not_list_them_is_told_so_where_keda_is() {
    for (is_there, rows) in [(true, 1), (false, 0)] {
        let cluster = cluster(move |path: &str, _: &str| match path {
            SHOP_SCALED => forbidden("no"),
            "/apis/keda.sh" if is_there => answer(
                StatusCode::OK,
                json!({"name": "keda.sh", "versions": [
                    {"groupVersion": "keda.sh/v1alpha1", "version": "v1alpha1"}]}),
            ),
            "/apis/keda.sh" => not_found(),
            path => shop(path),
        });
        let fleet = cluster.inventory(&Scope::default()).await.unwrap();
        assert_eq!(names(&fleet), ["web"]);
        let told = fleet.unread.iter().map(|it| it.what.as_str());
        let told: Vec<&str> = told.collect();
        assert_eq!(told, vec!["scaledjobs in namespace shop"; rows]);
    }
}

#[tokio::test]
async fn they_are_named_by_their_kind() {
    let named = |kind: Option<AutoscalerKind>, name: &str| Scope {
        names: vec![NameArgument {
            kind,
            name: name.to_owned(),
        }],
        ..Scope::default()
    };
    let cluster = cluster(|path: &str, _: &str| jobs(path));
    let scope = named(Some(AutoscalerKind::ScaledJob), "mail");
    let fleet = cluster.inventory(&scope).await.unwrap();
    assert_eq!(names(&fleet), ["mail"]);
    let scope = named(Some(AutoscalerKind::ScaledObject), "mail");
    let error = cluster.inventory(&scope).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}
