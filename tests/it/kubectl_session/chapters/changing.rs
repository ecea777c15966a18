//! Objects change and go.

use crate::kubectl_session::step::{CLUSTER_WIDE, On, Step, run};

pub(super) fn changing() -> Vec<Step> {
    vec![
        run("create --filename=app.yaml --filename=config.yaml"),
        // One that no autoscaler scales behind the user's back.
        run("create deployment fixed --image=example.com/web:1 --replicas=2"),
        run("patch hpa web --patch='{\"spec\":{\"maxReplicas\":7}}'")
            .says("^horizontalpodautoscaler.autoscaling/web patched$"),
        run("patch hpa web --patch='{\"spec\":{\"maxReplicas\":7}}'")
            .says("^horizontalpodautoscaler.autoscaling/web patched \\(no change\\)$"),
        run("patch hpa web --type=merge --patch='{\"spec\":{\"minReplicas\":3}}'").says("patched$"),
        run("patch hpa web --type=json --patch='[{\"op\":\"replace\",\"path\":\"/spec/maxReplicas\",\"value\":9}]'")
            .says("patched$"),
        run("get hpa web --output=jsonpath={.spec.minReplicas}-{.spec.maxReplicas}").says("^3-9$"),
        run("patch hpa web --type=merge --patch='{\"spec\":{\"maxReplicas\":1}}'").fails(
            1,
            "^The HorizontalPodAutoscaler \"web\" is invalid: spec.maxReplicas: Invalid value: 1: must be \
             greater than or equal to `minReplicas`$",
        ),
        run("patch hpa web --type=json --patch='[{\"op\":\"test\",\"path\":\"/spec/maxReplicas\",\"value\":1}]'")
            .fails(1, "^The request is invalid: the server rejected our request due to an error in our request$"),
        run("patch deployment web --type=strategic --patch='{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"image\":\"side:1\"}]}}}}'")
            .says("^deployment.apps/web patched$"),
        run("get deployment web --output=jsonpath={.spec.template.spec.containers[*].name}")
            .says("^(?:side web|web side)$"),
        run("patch deployment fixed --subresource=scale --type=merge --patch='{\"spec\":{\"replicas\":3}}'")
            .says("^scale.autoscaling/fixed patched$"),
        run("patch hpa web --subresource=status --type=merge --patch='{\"status\":{\"desiredReplicas\":17}}'")
            .says("^horizontalpodautoscaler.autoscaling/web patched$"),
        run("patch configmap config --patch='{\"data\":{\"a\":null}}' --dry-run=server --output=jsonpath={.data}")
            .says("^\\{\"b\":\"two\"\\}$"),
        run("scale deployment fixed --replicas=1").says("^deployment.apps/fixed scaled$"),
        run("scale deployment fixed --current-replicas=5 --replicas=2")
            .fails(1, "^error: Expected replicas to be 5, was 1$"),
        run("scale --filename=app.yaml --replicas=2").fails(1, "the server could not find the requested resource$").says("^deployment.apps/web scaled$"),
        run("autoscale deployment web --name=by-percent --min=2 --max=5 --cpu-percent=70")
            .may_warn("^Flag --cpu-percent has been deprecated.*")
            .says("^horizontalpodautoscaler.autoscaling/by-percent autoscaled$"),
        run("get hpa by-percent --output=jsonpath={.spec.metrics[0].resource.target.averageUtilization}")
            .says("^70$"),
        run("autoscale deployment web --max=5")
            // The newest tries v1 after any refusal of v2, and reports what comes of that.
            .fails(1, "(?:\"web\" already exists|incompatible with autoscaling/v1: empty input)$"),
        run("annotate hpa web why=because").says("^horizontalpodautoscaler.autoscaling/web annotated$"),
        run("annotate hpa web why=other").fails(1, "'why' already has a value \\(because\\)"),
        run("annotate hpa web why=other --overwrite").says("annotated$"),
        run("annotate hpa web why-").says("^horizontalpodautoscaler.autoscaling/web annotated$"),
        run("annotate deployments --all team=a").says("^deployment.apps/fixed annotated$").says("^deployment.apps/web annotated$"),
        run("label hpa web team=a").says("^horizontalpodautoscaler.autoscaling/web labeled$"),
        run("label hpa web team-").says("^horizontalpodautoscaler.autoscaling/web unlabeled$"),
        run("label hpa web team=a --resource-version=1").fails(1, "the object has been modified"),
        run("label hpa --selector=app=web tier=front").says("labeled$"),
        run("set image deployment/web web=example.com/web:3").says("^deployment.apps/web image updated$"),
        run("set resources deployment/web --containers=web --requests=cpu=200m --limits=memory=1Gi")
            .says("^deployment.apps/web resource requirements updated$"),
        run("set env deployment/web LEVEL=debug").says("^deployment.apps/web env updated$"),
        run("set env deployment/web --list").says("^LEVEL=debug$"),
        run("wait --for=jsonpath={.spec.replicas}=1 deployment/fixed --timeout=10s")
            .says("^deployment.apps/fixed condition met$"),
        run("wait --for=jsonpath={.spec.replicas}=77 deployment/fixed --timeout=1s")
            .fails(1, "^error: timed out waiting for the condition on deployments/fixed$"),
        run("wait --for=condition=Available deployment/web --timeout=60s")
            .on(On::Sandbox)
            .says("^deployment.apps/web condition met$"),
    ]
}

pub(super) fn rolling_out() -> Vec<Step> {
    vec![
        run("create --filename=app.yaml"),
        run("wait --for=jsonpath={.status.observedGeneration}=1 deployment/web --timeout=30s")
            .on(On::Controllers),
        run("rollout status deployment/web --timeout=60s")
            .on(On::Sandbox)
            .says("^deployment \"web\" successfully rolled out$"),
        run("rollout status deployment/web --watch=false").on(On::Real).says("Waiting for"),
        run("wait --for=create --selector=app=web replicasets --timeout=30s").on(On::Controllers),
        run("set image deployment/web web=example.com/web:2"),
        run("wait --for=jsonpath={.status.observedGeneration}=2 deployment/web --timeout=30s")
            .on(On::Controllers),
        run("rollout history deployment/web")
            .on(On::Controllers)
            .says("^deployment.apps/web *\nREVISION +CHANGE-CAUSE\n1 "),
        run("wait --for='jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}=2' deployment/web --timeout=30s")
            .on(On::Controllers),
        run("rollout history deployment/web --revision=2").on(On::Controllers).says("example.com/web:2"),
        run("rollout undo deployment/web").on(On::Controllers).says("^deployment.apps/web rolled back$"),
        run("get deployment web --output=jsonpath={.spec.template.spec.containers[0].image}")
            .on(On::Controllers)
            .says("^example.com/web:1$"),
        run("rollout restart deployment/web").says("^deployment.apps/web restarted$"),
        run("rollout pause deployment/web").says("^deployment.apps/web paused$"),
        run("rollout resume deployment/web").says("^deployment.apps/web resumed$"),
        run("wait --for=create pods --selector=app=web --timeout=60s").on(On::Controllers),
        run("get pods --selector=app=web").on(On::Controllers).says("^web-[a-z0-9]+-[a-z0-9]+ "),
        run("get replicasets --selector=app=web")
            .on(On::Controllers)
            .says("^NAME +DESIRED +CURRENT +READY +AGE\nweb-"),
    ]
}

pub(super) fn deleting() -> Vec<Step> {
    vec![
        run("create --filename=app.yaml --filename=config.yaml"),
        run("delete --filename=app.yaml --wait=true --timeout=60s")
            .says("^deployment.apps \"web\" deleted")
            .says("^horizontalpodautoscaler.autoscaling \"web\" deleted"),
        run("delete --filename=app.yaml").fails(
            1,
            "^Error from server \\(NotFound\\): error when deleting \"app.yaml\": deployments.apps \"web\" \
             not found$",
        ),
        run("delete --filename=app.yaml --ignore-not-found"),
        run("delete configmap config --dry-run=server").says("deleted \\(server dry run\\)|deleted from .* \\(server dry run\\)"),
        run("delete configmap --selector=app=web").says("^configmap \"config\" deleted"),
        run("delete configmap --selector=app=web").says("^No resources found$"),
        run("create configmap a"),
        run("create configmap b"),
        run("delete configmap a b").says("^configmap \"a\" deleted").says("^configmap \"b\" deleted"),
        run("create secret generic a"),
        run("delete secrets --all").says("^secret \"a\" deleted"),
        run("create deployment slow --image=example.com/web:1 --replicas=0"),
        run("delete deployment slow --cascade=orphan").says("^deployment.apps \"slow\" deleted"),
        run("create deployment slow --image=example.com/web:1 --replicas=0"),
        run("delete deployment slow --cascade=foreground --timeout=60s")
            .on(On::Controllers)
            .says("^deployment.apps \"slow\" deleted"),
        run("create configmap gone"),
        run("delete configmap gone --wait=false --now").says("deleted"),
        run("wait --for=delete configmap/gone --timeout=30s"),
        run("create configmap held"),
        run("patch configmap held --patch='{\"metadata\":{\"finalizers\":[\"example.com/hold\"]}}'"),
        run("delete configmap held --timeout=1s")
            .fails(1, "^error: timed out waiting for the condition on configmaps/held$"),
        run("patch configmap held --patch='{\"metadata\":{\"finalizers\":null}}'"),
        run("wait --for=delete configmap/held --timeout=30s"),
    ]
}

pub(super) fn customizing() -> Vec<Step> {
    vec![
        run("create --filename=crd.yaml")
            .says("^customresourcedefinition.apiextensions.k8s.io/things.x{run}.example.com created$"),
        run("wait --for=condition=Established crd/things.x{run}.example.com --timeout=30s")
            .says("condition met$"),
        run("get --raw /apis/x{run}.example.com/v1").says("\"things\""),
        run("wait --for=jsonpath={.status.acceptedNames.kind}=Thing crd/things.x{run}.example.com --timeout=30s"),
        run("apply --filename=thing.yaml").says("^thing.x{run}.example.com/one created$"),
        run("get things.x{run}.example.com").says("^NAME +SIZE\none +3$"),
        run("get thg{run}").says("^one +3$"),
        run("get thg{run} one --output=jsonpath={.spec.size}").says("^3$"),
        run("describe thg{run} one").says("^Kind: +Thing$").says("^  Size: +3$"),
        run("apply --server-side --field-manager=other --filename=thing.yaml")
            .says("^thing.x{run}.example.com/one serverside-applied$"),
        run("patch thg{run} one --type=merge --patch='{\"spec\":{\"size\":4}}'")
            .says("^thing.x{run}.example.com/one patched$"),
        run("patch thg{run} one --type=merge --patch='{\"spec\":{\"size\":0}}'").fails(
            1,
            "^The Thing \"one\" is invalid: spec.size: Invalid value: 0: spec.size in body should be \
             greater than or equal to 1$",
        ),
        run("label thg{run} one a=b").says("labeled$"),
        run("api-resources --api-group=x{run}.example.com")
            .says("^things +thg{run} +x{run}.example.com/v1 +true +Thing$"),
        run("delete thg{run} one").says("^thing.x{run}.example.com \"one\" deleted"),
        run("delete --filename=crd.yaml --timeout=60s")
            .may_warn(CLUSTER_WIDE)
            .says("^customresourcedefinition.apiextensions.k8s.io \"things.x{run}.example.com\" deleted"),
    ]
}
