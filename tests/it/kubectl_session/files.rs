//! Files that the commands name.

pub(super) const ALL: [(&str, &str); 9] = [
    ("app.yaml", APP),
    ("app2.yaml", APP_LATER),
    ("config.yaml", CONFIG),
    ("config2.yaml", CONFIG_LATER),
    ("unknown.yaml", UNKNOWN_FIELD),
    ("invalid.yaml", INVALID),
    ("crd.yaml", DEFINITION),
    ("thing.yaml", THING),
    ("role.yaml", ROLE),
];

const APP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'example.com/web:1', resources: {requests: {cpu: 100m}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, labels: {app: web}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 6
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}
";

const APP_LATER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'example.com/web:2', resources: {requests: {cpu: 100m}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, labels: {app: web}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 8
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
";

const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: config, labels: {app: web}}
data: {a: one, b: two}
";

const CONFIG_LATER: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: config, labels: {app: web}}
data: {a: other, b: two}
";

const UNKNOWN_FIELD: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: unknown}
dta: {a: b}
";

const INVALID: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: invalid}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 5
  maxReplicas: 2
";

const DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.x{run}.example.com}
spec:
  group: x{run}.example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, shortNames: [thg{run}]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        description: A thing that has a size.
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, minimum: 1, description: How big it is.}
";

const THING: &str = "\
apiVersion: x{run}.example.com/v1
kind: Thing
metadata: {name: one}
spec: {size: 3}
";

const ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: see}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: see}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: see}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
";
