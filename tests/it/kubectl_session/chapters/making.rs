//! Objects come into being.

use crate::kubectl_session::step::{CLUSTER_WIDE, Step, run};

pub(super) fn creating() -> Vec<Step> {
    vec![
        run("create deployment web --image=example.com/web:1 --replicas=2")
            .says("^deployment.apps/web created$"),
        run("create configmap config --from-literal=a=b --from-literal=c=d")
            .says("^configmap/config created$"),
        run("create secret generic secret --from-literal=password=hunter2")
            .says("^secret/secret created$"),
        run("create service clusterip plain --tcp=80:8080").says("^service/plain created$"),
        run("create role seer --verb=get,list --resource=pods,deployments.apps")
            .says("^role.rbac.authorization.k8s.io/seer created$"),
        run("create rolebinding seer --role=seer --user=somebody")
            .says("^rolebinding.rbac.authorization.k8s.io/seer created$"),
        run("create clusterrole seer-{run} --verb=get --resource=nodes")
            .says("^clusterrole.rbac.authorization.k8s.io/seer-{run} created$"),
        run("delete clusterrole seer-{run}")
            .may_warn(CLUSTER_WIDE)
            .says("^clusterrole.rbac.authorization.k8s.io \"seer-{run}\" deleted"),
        run("create poddisruptionbudget web --selector=app=web --min-available=1")
            .says("^poddisruptionbudget.policy/web created$"),
        run("create namespace {ns}-b").says("^namespace/{ns}-b created$"),
        run("delete namespace {ns}-b --wait=false").may_warn(CLUSTER_WIDE).says("^namespace \"{ns}-b\" deleted$"),
        run("create --filename=app.yaml --dry-run=server")
            .fails(1, "deployments.apps \"web\" already exists$")
            .says("^horizontalpodautoscaler.autoscaling/web created \\(server dry run\\)$"),
        run("create configmap dry --from-literal=a=b --dry-run=client --output=yaml")
            .says("^  name: dry$"),
        run("create configmap dry --from-literal=a=b --dry-run=server --output=name")
            .says("^configmap/dry$"),
        run("get configmap dry").fails(1, "^Error from server \\(NotFound\\): configmaps \"dry\" not found$"),
        run("create --filename=config.yaml").fails(
            1,
            "^Error from server \\(AlreadyExists\\): error when creating \"config.yaml\": configmaps \
             \"config\" already exists$",
        ),
        run("create --filename=unknown.yaml").fails(
            1,
            "strict decoding error: unknown field \"dta\"$",
        ),
        run("create --filename=unknown.yaml --validate=warn")
            .warns("^Warning: unknown field \"dta\"$")
            .says("^configmap/unknown created$"),
        run("create --filename=invalid.yaml").fails(
            1,
            "^The HorizontalPodAutoscaler \"invalid\" is invalid: spec.maxReplicas: Invalid value: 2: \
             must be greater than or equal to `minReplicas`$",
        ),
        run("run pod --image=example.com/pod:1 --overrides='{\"spec\":{\"nodeSelector\":{\"no\":\"where\"}}}'")
            .says("^pod/pod created$"),
        run("expose deployment web --port=80").says("^service/web exposed$"),
    ]
}

pub(super) fn applying() -> Vec<Step> {
    vec![
        run("diff --filename=config.yaml").fails(1, "").says("^\\+kind: ConfigMap$"),
        run("apply --filename=app.yaml --filename=config.yaml")
            .says("^deployment.apps/web created$")
            .says("^horizontalpodautoscaler.autoscaling/web created$")
            .says("^configmap/config created$"),
        run("apply --filename=app.yaml")
            .says("^deployment.apps/web unchanged$")
            .says("^horizontalpodautoscaler.autoscaling/web unchanged$"),
        run("diff --filename=app.yaml"),
        run("diff --filename=app2.yaml")
            .fails(1, "")
            .says("^-  maxReplicas: 6$")
            .says("^\\+  maxReplicas: 8$")
            .says("^\\+ +(?:- )?image: example.com/web:2$"),
        run("apply --filename=app2.yaml --dry-run=server")
            .says("^deployment.apps/web configured \\(server dry run\\)$"),
        run("apply --filename=app2.yaml")
            .says("^deployment.apps/web configured$")
            .says("^horizontalpodautoscaler.autoscaling/web configured$"),
        run("diff --filename=app2.yaml"),
        run("get hpa web --output=jsonpath={.spec.maxReplicas}").says("^8$"),
        run("apply view-last-applied hpa/web").says("^  maxReplicas: 8$"),
        run("apply set-last-applied --filename=app2.yaml").says("configured$"),
        run("apply --filename=config2.yaml --prune --selector=app=web \
             --prune-allowlist=core/v1/ConfigMap")
            .says("^configmap/config configured$"),
        run("create configmap later --from-literal=a=b").says("created$"),
        run("label configmap later app=web").says("^configmap/later labeled$"),
        run("replace --filename=config.yaml").says("^configmap/config replaced$"),
        run("replace --force --filename=config.yaml")
            .says("^configmap \"config\" deleted")
            .says("^configmap/config replaced$"),
        run("edit configmap config")
            .with("KUBE_EDITOR", "sed -i s/one/edited/")
            .says("^configmap/config edited$"),
        run("get configmap config --output=jsonpath={.data.a}").says("^edited$"),
        run("edit configmap config")
            .with("KUBE_EDITOR", "true")
            .warns("^Edit cancelled, no changes made.$"),
        run("edit hpa web")
            .with("KUBE_EDITOR", "sed -i s/maxReplicas:.8/maxReplicas:\\ 9/")
            .says("^horizontalpodautoscaler.autoscaling/web edited$"),
        run("apply --filename=invalid.yaml").fails(
            1,
            "^The HorizontalPodAutoscaler \"invalid\" is invalid: spec.maxReplicas: Invalid value: 2",
        ),
    ]
}

pub(super) fn applying_on_the_server() -> Vec<Step> {
    vec![
        run("apply --server-side --filename=config.yaml --filename=app.yaml")
            .says("^configmap/config serverside-applied$")
            .says("^deployment.apps/web serverside-applied$")
            .says("^horizontalpodautoscaler.autoscaling/web serverside-applied$"),
        run("apply --server-side --filename=config.yaml")
            .says("^configmap/config serverside-applied$"),
        run("diff --server-side --filename=config.yaml"),
        run("diff --server-side --filename=config2.yaml")
            .fails(1, "")
            .says("^-  a: one$")
            .says("^\\+  a: other$"),
        run("apply --server-side --field-manager=other --filename=config2.yaml").fails(
            1,
            "^error: Apply failed with 1 conflict: conflict with \"kubectl\": \\.data\\.a\nPlease \
             review the fields above",
        ),
        run("apply --server-side --field-manager=other --force-conflicts --filename=config2.yaml")
            .says("^configmap/config serverside-applied$"),
        run("get configmap config --output=jsonpath={.data.a}").says("^other$"),
        run("apply --server-side --filename=config.yaml")
            .fails(1, "conflict with \"other\": \\.data\\.a$"),
        run("get configmap config --show-managed-fields --output=yaml")
            .says("^    manager: kubectl$")
            .says("^    manager: other$")
            .says("^    operation: Apply$"),
        run("get configmap config --output=yaml").says("^  uid: "),
        run("apply --server-side --filename=app2.yaml")
            .says("^horizontalpodautoscaler.autoscaling/web serverside-applied$"),
        run("scale deployment web --replicas=4").says("^deployment.apps/web scaled$"),
        run("apply --server-side --filename=app2.yaml").fails(
            1,
            "conflict with \"kubectl\" with subresource \"scale\"[^:]*: \\.spec\\.replicas$",
        ),
        run("apply --server-side --dry-run=server --force-conflicts --filename=app2.yaml")
            .says("^deployment.apps/web serverside-applied \\(server dry run\\)$"),
        run("apply --server-side --filename=unknown.yaml")
            .fails(1, "\\.dta: field not declared in schema$"),
    ]
}
