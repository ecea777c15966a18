use super::*;
use crate::autoscaler::{Metric, Resource, Target};
use crate::units::{Cores, Replicas};

const HPA: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 10
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
      - {type: Pods, value: 1, periodSeconds: 60}
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: app
        resources: {requests: {cpu: 500m}, limits: {cpu: 1}}
        readinessProbe: {initialDelaySeconds: 25}
";

fn parsed(text: &str) -> Result<Manifest, Error> {
    parse("hpa.yaml", text, "shop")
}

#[track_caller]
fn refused(text: &str) -> String {
    parsed(text).unwrap_err().to_string()
}

#[test]
fn an_autoscaler_and_its_target_are_found_among_others() {
    let text = format!(
        "# our shop\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: odd\n\
         ---\n{DEPLOYMENT}---\n{HPA}"
    );
    let manifest = parsed(&text).unwrap();
    let autoscaler = manifest.autoscaler;
    assert_eq!(autoscaler.id.to_string(), "hpa/web in namespace shop");
    assert_eq!(
        (autoscaler.min, autoscaler.max),
        (Replicas(2), Replicas(10))
    );
    let workload = manifest.workload.unwrap();
    assert_eq!(workload.cpu_request(), Some(Cores(0.5)));
    assert_eq!(workload.cpu_limit(), Some(Cores(1.0)));
    assert_eq!(workload.startup_seconds, [25.0]);
}

#[test]
fn the_target_may_be_elsewhere() {
    assert_eq!(parsed(HPA).unwrap().workload, None);
    for other in [
        DEPLOYMENT.replace("name: web", "name: api"),
        DEPLOYMENT.replace("name: web", "name: web, namespace: other"),
        DEPLOYMENT.replace("kind: Deployment", "kind: StatefulSet"),
    ] {
        let manifest = parsed(&format!("{HPA}---\n{other}")).unwrap();
        assert_eq!(manifest.workload, None, "{other}");
    }
}

#[test]
fn the_first_version_and_lists_are_read_too() {
    let text = "
apiVersion: v1
kind: List
items:
- apiVersion: autoscaling/v1
  kind: HorizontalPodAutoscaler
  metadata: {name: web, namespace: other}
  spec:
    scaleTargetRef: {kind: Deployment, name: web}
    maxReplicas: 3
    targetCPUUtilizationPercentage: 50
";
    let autoscaler = parsed(text).unwrap().autoscaler;
    assert_eq!(autoscaler.id.namespace, "other");
    let cpu = Metric::Resource {
        resource: Resource::Cpu,
        target: Target::Utilization(50),
    };
    assert_eq!(autoscaler.metrics, [cpu]);
}

#[test]
fn exactly_one_autoscaler_is_wanted() {
    assert_eq!(
        refused(DEPLOYMENT),
        "hpa.yaml has no HorizontalPodAutoscaler"
    );
    assert_eq!(refused(""), "hpa.yaml has no HorizontalPodAutoscaler");
    let two = format!("{HPA}---\n{}", HPA.replace("name: web\n", "name: api\n"));
    assert_eq!(
        refused(&two),
        "hpa.yaml has 2 HorizontalPodAutoscalers: web, api"
    );
}

#[test]
fn what_an_api_server_refuses_is_refused_with_its_field() {
    let cases = [
        (
            "minReplicas: 2",
            "minReplicas: 0",
            "`spec.minReplicas` must be a whole number from 1 to 10, not `0`",
        ),
        (
            "minReplicas: 2",
            "minReplicas: 11",
            "`spec.minReplicas` must be a whole number from 1 to 10, not `11`",
        ),
        (
            "minReplicas: 2",
            "minReplicas: two",
            "`spec.minReplicas` must be a whole number from 1 to 10, not `two`",
        ),
        (
            "maxReplicas: 10",
            "maxReplicas: 0",
            "`spec.maxReplicas` must be a whole number, at least 1, not `0`",
        ),
        ("  maxReplicas: 10\n", "", "`spec.maxReplicas` is missing"),
        (
            "minReplicas",
            "minReplica",
            "`spec.minReplica` is not known",
        ),
        (
            "averageUtilization: 70",
            "averageUtilization: 0",
            "`spec.metrics[0].resource.target.averageUtilization` must be a whole number, at least 1, not `0`",
        ),
        (
            ", averageUtilization: 70",
            "",
            "`spec.metrics[0].resource.target.averageUtilization` is missing",
        ),
        (
            "averageUtilization: 70",
            "averageValue: much",
            "`spec.metrics[0].resource.target.averageValue` must be a quantity such as 250m, above 0, not `much`",
        ),
        (
            "type: Resource",
            "type: Cpu",
            "`spec.metrics[0].type` must be one of Resource, ContainerResource, Pods, Object, External, not `Cpu`",
        ),
        (
            "type: Resource",
            "type: Pods",
            "`spec.metrics[0].pods` is missing",
        ),
        (
            "Seconds: 600",
            "Seconds: 3601",
            "`spec.behavior.scaleDown.stabilizationWindowSeconds` must be a whole number from 0 to 3600, not `3601`",
        ),
        (
            "periodSeconds: 60",
            "periodSeconds: 1801",
            "`spec.behavior.scaleDown.policies[0].periodSeconds` must be a whole number from 1 to 1800, not `1801`",
        ),
        (
            "value: 1,",
            "value: 0,",
            "`spec.behavior.scaleDown.policies[0].value` must be a whole number, at least 1, not `0`",
        ),
        (
            "averageUtilization: 70",
            "averageUtilization: 70, averageValue: 200m",
            "`spec.metrics[0].resource.target.averageValue` must be alone, without averageUtilization, not `200m`",
        ),
        (
            "type: Pods,",
            "type: Some,",
            "`spec.behavior.scaleDown.policies[0].type` must be one of Pods, Percent, not `Some`",
        ),
        (
            "kind: Deployment, ",
            "",
            "`spec.scaleTargetRef.kind` is missing",
        ),
        (
            "autoscaling/v2",
            "autoscaling/v2beta2",
            "`apiVersion` must be one of autoscaling/v2, autoscaling/v1, not `autoscaling/v2beta2`",
        ),
        (
            "metadata:\n  name: web",
            "metadata:\n  labels: {}",
            "`metadata.name` is missing",
        ),
    ];
    for (from, to, expected) in cases {
        let text = format!("{DEPLOYMENT}---\n{}", HPA.replacen(from, to, 1));
        let expected = format!("hpa.yaml, document 2: {expected}");
        assert_eq!(refused(&text), expected, "{from} → {to}");
    }
}

#[test]
fn what_version_1_keeps_in_annotations_is_not_passed_over() {
    let text = "\
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata:
  name: web
  annotations: {autoscaling.alpha.kubernetes.io/behavior: '{}'}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 10
";
    assert_eq!(
        refused(text),
        "hpa.yaml, document 1: `metadata.annotations.autoscaling.alpha.kubernetes.io/behavior` must \
         be written as autoscaling/v2 has it, not `{}`"
    );
}

#[test]
fn the_target_is_refused_for_what_it_asks_for_alone() {
    let text = format!("{HPA}---\n{}", DEPLOYMENT.replace("500m", "half"));
    assert_eq!(
        refused(&text),
        "hpa.yaml, document 2: `spec.template.spec.containers[0].resources.requests.cpu` must be \
         a quantity such as 250m, not negative, not `half`"
    );
}

#[test]
fn what_is_no_object_is_named() {
    for text in ["just words\n", "[1, 2]\n", "kind: Deployment\n"] {
        let text = format!("{HPA}---\n{text}");
        assert_eq!(
            refused(&text),
            "hpa.yaml, document 2: not a Kubernetes object"
        );
    }
    let error = parsed("a: 1\n---\nb: [\n").unwrap_err();
    assert_eq!(error.to_string(), "hpa.yaml, document 2: not YAML");
    let Err(Error::Document { problem, .. }) = parsed(&HPA.replace("minReplicas", "minReplica"))
    else {
        panic!("an unknown field is refused");
    };
    assert!(matches!(
        *problem,
        Problem::Unknown {
            meant: Some("minReplicas"),
            ..
        }
    ));
}
