//! Nothing changes.

use crate::kubectl_session::step::{On, Step, run};

pub(super) fn getting() -> Vec<Step> {
    vec![
        run("get deployments").warns("^No resources found in {ns} namespace.$"),
        run("get deployments --output=json").says("\"items\": \\[\\]"),
        run("create --filename=app.yaml --filename=config.yaml"),
        run("get deployments").says("^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +[0-9]/2 "),
        run("get deploy web --output=wide").says(
            "^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb .* web +\
             example.com/web:1 +app=web$",
        ),
        run("get hpa").says(
            "^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +Deployment/web +cpu: .*/60% \
             +2 +6 ",
        ),
        run("get hpa --all-namespaces").says("^NAMESPACE +NAME ").says("^{ns} +web +Deployment/web "),
        run("get hpa web --output=yaml").says("^apiVersion: autoscaling/v2$").says("^  maxReplicas: 6$"),
        run("get horizontalpodautoscalers.v1.autoscaling web --output=yaml")
            .says("^apiVersion: autoscaling/v1$")
            .says("^  targetCPUUtilizationPercentage: 60$"),
        run("get horizontalpodautoscalers.v2.autoscaling web --output=name")
            .says("^horizontalpodautoscaler.autoscaling/web$"),
        run("get hpa web --output=json").says("\"maxReplicas\": 6"),
        run("get hpa,deploy --output=name")
            .says("^horizontalpodautoscaler.autoscaling/web$")
            .says("^deployment.apps/web$"),
        run("get hpa web --output=jsonpath={.spec.metrics[0].resource.name}").says("^cpu$"),
        run("get hpa --output=custom-columns=NAME:.metadata.name,MAX:.spec.maxReplicas")
            .says("^NAME +MAX\nweb +6$"),
        run("get hpa --output=go-template='{{range .items}}{{.metadata.name}}{{end}}'").says("^web$"),
        run("get hpa --no-headers").says("^web "),
        run("get hpa --show-labels").says("LABELS\n.* app=web$"),
        run("get hpa --label-columns=app").says("APP\n.* web$"),
        run("get hpa --sort-by=.spec.maxReplicas").says("^web "),
        run("get hpa --chunk-size=1").says("^web "),
        run("get all --selector=app=web")
            .says("^deployment.apps/web ")
            .says("^horizontalpodautoscaler.autoscaling/web "),
        run("get configmaps --selector='app in (web),!none'").says("^config +2 +"),
        run("get configmaps --selector=app=none").warns("^No resources found in {ns} namespace.$"),
        run("get configmaps --field-selector=metadata.name=config").says("^config +2 "),
        run("get configmaps --field-selector=data.a=b").fails(
            1,
            "^Error from server \\(BadRequest\\): Unable to find \"/v1, Resource=configmaps\" that match \
             label selector \"\", field selector \"data.a=b\": ",
        ),
        run("get deploy web missing").fails(
            1,
            "^Error from server \\(NotFound\\): deployments.apps \"missing\" not found$",
        ),
        run("get deploy missing --ignore-not-found"),
        run("get nonsense")
            .fails(1, "^error: the server doesn't have a resource type \"nonsense\"$"),
        run("get --filename=app.yaml").says("^deployment.apps/web "),
        run("get namespaces").says("^{ns} +Active "),
        run("get ns {ns} --output=name").says("^namespace/{ns}$"),
        run("get cm,secret,svc,po,rs,sts,pdb,lease,role,rolebinding --output=name")
            .says("^configmap/config$"),
        run("get nodes").on(On::Sandbox).says("^NAME +STATUS +ROLES +AGE +VERSION\n"),
        run("get crd,clusterrole,clusterrolebinding --output=name").says("^clusterrole"),
        run("get ev --output=name").may_warn("^Warning: short name \"ev\" could also match"),
        run("get deploy web --subresource=scale").says("^NAME +DESIRED +AVAILABLE +AGE\nweb +2 "),
        run("get hpa web --subresource=status --output=name")
            .says("^horizontalpodautoscaler.autoscaling/web$"),
        run("get --raw /api/v1/namespaces/{ns}/configmaps/config").says("\"name\": ?\"config\""),
        run("get --raw /readyz").says("^ok$"),
        run("get --raw /apis/nowhere").fails(
            1,
            "^Error from server \\(NotFound\\): the server could not find the requested resource$",
        ),
        run("events").may_warn("^No events found in {ns} namespace.$"),
        run("events --for=deployment/web")
            .on(On::Controllers)
            .may_warn("^No events found in {ns} namespace."),
        run("get events").may_warn("^No resources found in {ns} namespace."),
        run("cluster-info").says("Kubernetes control plane.* is running at .*https://"),
        run("version").may_warn("^WARNING: version difference .*").says("^Server Version: v1\\."),
        // What runs for long enough to be ready has been measured.
        run("wait --for=condition=Ready pod --selector=app=web --timeout=60s")
            .on(On::Sandbox)
            .says("condition met"),
        run("top pods").on(On::Sandbox).says("^NAME +CPU\\(cores\\) +MEMORY\\(bytes\\)"),
        run("top nodes").on(On::Sandbox).says("^NAME +CPU\\(cores\\)"),
        run("top pods").on(On::Real).fails(1, "^error: Metrics API not available$"),
    ]
}

pub(super) fn describing() -> Vec<Step> {
    vec![
        run("create --filename=app.yaml --filename=config.yaml"),
        run(
            "run lonely --image=example.com/pod:1 --overrides='{\"spec\":{\"nodeSelector\":{\"no\":\"where\"}}}'",
        ),
        run("describe hpa web")
            .says("^Reference: +Deployment/web$")
            .says("^Min replicas: +2$")
            .says("^Max replicas: +6$")
            .says("resource cpu on pods +\\(as a percentage of request\\): +.* / 60%"),
        run("describe deployment web")
            .says("^Selector: +app=web$")
            .says("^Replicas: +2 desired")
            .says("^StrategyType: +RollingUpdate$")
            .says("^    Image: +example.com/web:1$"),
        run("describe pod lonely")
            .says("^Name: +lonely$")
            .says("^Node-Selectors: +no=where$"),
        run("describe configmap config").says("^a:\n----\none$"),
        run("describe namespace {ns}").says("^Status: +Active$"),
        run("describe deployments --selector=app=web").says("^Name: +web$"),
        run("describe nodes").on(On::Sandbox).says("^Capacity:$"),
        run("describe --filename=app.yaml").says("^Max replicas: +6$"),
        run("describe deploy missing").fails(1, "deployments.apps \"missing\" not found"),
        run("api-resources")
            .says("^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND$")
            .says("^deployments +deploy +apps/v1 +true +Deployment$")
            .says("^horizontalpodautoscalers +hpa +autoscaling/v2 +true +HorizontalPodAutoscaler$")
            .says("^nodes +no +v1 +false +Node$"),
        run("api-resources --api-group=apps --output=name").says("^deployments.apps$"),
        run("api-resources --namespaced=false --verbs=list,get --output=wide").says(
            "^namespaces +ns +v1 +false +Namespace +create,delete,get,list,patch,update,watch",
        ),
        run("api-versions")
            .says("^apps/v1$")
            .says("^autoscaling/v1$")
            .says("^autoscaling/v2$")
            .says("^v1$"),
        run("explain hpa.spec.metrics")
            .says("^KIND: +HorizontalPodAutoscaler$")
            .says("^VERSION: +v2$")
            .says("^FIELD: metrics <\\[\\]MetricSpec>$")
            .says("^  type\t<string> -required-$"),
        run("explain hpa --recursive").says("^      scaleDown\t<HPAScalingRules>$"),
        run("explain hpa.spec --api-version=autoscaling/v1")
            .says("^VERSION: +v1$")
            .says("^  targetCPUUtilizationPercentage\t<integer>$"),
        run("explain deployment.spec.template.spec.containers.resources").says("^  limits\t"),
        run("explain pods").says("^  spec\t<PodSpec>$"),
        run("explain deployment.spec.nothing")
            .fails(1, "^error: field \"nothing\" does not exist$"),
        run("explain nonsense").fails(1, "doesn't have a resource type \"nonsense\""),
    ]
}

pub(super) fn asking_for_access() -> Vec<Step> {
    vec![
        run("create --filename=role.yaml")
            .says("^role.rbac.authorization.k8s.io/see created$")
            .says("^rolebinding.rbac.authorization.k8s.io/see created$"),
        run("auth can-i create deployments").says("^yes$"),
        run("auth can-i '*' '*' --all-namespaces").says("^yes$"),
        run("wait --for=jsonpath={.metadata.name}=see rolebinding/see"),
        run("auth can-i list configmaps --as=reader").says("^yes$"),
        run("auth can-i delete configmaps --as=reader").says("^no$").fails(1, ""),
        run("auth can-i get configmaps/config --as=reader").says("^yes$"),
        run("auth can-i update deployments --subresource=scale --as=reader").says("^no$").fails(1, ""),
        run("auth can-i get /version --as=reader").says("^yes$"),
        run("auth can-i list nodes --as=reader")
            .says("^no$")
            .fails(1, "^Warning: resource 'nodes' is not namespace scoped\n"),
        run("auth can-i --list").says("^\\*\\.\\* +\\[\\] +\\[\\] +\\[\\*\\]$"),
        run("auth can-i --list --as=reader").says("^configmaps +\\[\\] +\\[\\] +\\[get list\\]$"),
        run("auth whoami").says("^ATTRIBUTE +VALUE\nUsername +"),
        run("auth whoami --as=reader").says("^Username +reader$").says("system:authenticated"),
        run("auth whoami --output=jsonpath={.status.userInfo.username} --as=reader").says("^reader$"),
        run("get configmaps --as=reader").may_warn("^No resources found in {ns} namespace."),
        run("get secrets --as=reader").fails(
            1,
            "^Error from server \\(Forbidden\\): secrets is forbidden: User \"reader\" cannot list \
             resource \"secrets\" in API group \"\" in the namespace \"{ns}\"$",
        ),
        run("create configmap none --as=reader").fails(
            1,
            "^error: failed to create configmap: configmaps is forbidden: User \"reader\" cannot create \
             resource \"configmaps\"",
        ),
    ]
}
