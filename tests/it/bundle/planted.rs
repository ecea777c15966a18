//! A cluster and a machine with secrets in every place that people are known to have them.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::rig::cluster::{SECRET, TOKEN};
use crate::rig::program::User;

/// What is planted, and where.
pub(super) struct Planted {
    /// The place, and a text that is nowhere else.
    pub(super) markers: Vec<(String, String)>,
    pub(super) objects: Vec<Value>,
    pub(super) environment: Vec<(&'static str, String)>,
    config: String,
    audit: String,
}

/// Makes secrets, and remembers them.
#[derive(Default)]
struct Planter(Vec<(String, String)>);

impl Planter {
    /// A password of letters and digits.
    fn word(&mut self, place: &str) -> String {
        self.of(place, |it| format!("hunter{it:03}x"))
    }

    fn of(&mut self, place: &str, form: impl Fn(usize) -> String) -> String {
        let secret = form(self.0.len() + 100);
        self.0.push((place.to_owned(), secret.clone()));
        secret
    }

    /// A JSON web token, of which no part may be left.
    fn jwt(&mut self, place: &str) -> String {
        let payload = self.of(place, |it| format!("eyJzdWIiOiJtZSJ9{it}"));
        format!("eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmVk")
    }

    fn basic(&mut self, place: &str) -> String {
        use base64::Engine;
        let encode = |it| base64::engine::general_purpose::STANDARD.encode(format!("me:pass{it}"));
        self.of(place, encode)
    }

    /// A key as providers of language models give them.
    fn llm_key(&mut self, place: &str) -> String {
        self.of(place, |it| format!("sk-proj-Zm9vYmFyYmF6cXV4{it}"))
    }

    /// A private key, of which no line may be left.
    fn pem(&mut self, place: &str, newline: &str) -> String {
        let line = self.of(place, |it| format!("MIIEvQIBADANBgkqhkiG9w0BAQ{it}"));
        let end = self.of(place, |it| format!("Zm9vYmFyYmF6{it}"));
        format!(
            "-----BEGIN RSA PRIVATE KEY-----{newline}{line}{newline}{end}{newline}-----END RSA PRIVATE KEY-----"
        )
    }
}

impl Planted {
    pub(super) fn everywhere() -> Self {
        let mut plant = Planter::default();
        plant
            .0
            .push(("token of the kubeconfig".to_owned(), TOKEN.to_owned()));
        plant.0.push((
            "what the credential plugin knows".to_owned(),
            SECRET.to_owned(),
        ));
        let mut objects = vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "keda"}}),
            secret(&mut plant),
            deployment(&mut plant),
            hpa(&mut plant),
            scaled_object(&mut plant),
            scaled_job(&mut plant),
            authentication(&mut plant, "TriggerAuthentication"),
            authentication(&mut plant, "ClusterTriggerAuthentication"),
            event(&mut plant),
        ];
        objects.extend(pods(&mut plant));
        let environment = vec![
            (
                "STEPSCALE_PROMETHEUS_BEARER_TOKEN",
                plant.word("variable of a bearer token"),
            ),
            (
                "STEPSCALE_PROMETHEUS_URL",
                format!("http://me:{}@127.0.0.1:9", plant.word("variable of a URL")),
            ),
            (
                "STEPSCALE_WEBHOOK_URL",
                format!("https://h.example/{}", plant.word("variable of a webhook")),
            ),
            (
                "OPENAI_API_KEY",
                plant.llm_key("variable of a key of OpenAI"),
            ),
            (
                "ANTHROPIC_API_KEY",
                plant.llm_key("variable of a key of Anthropic"),
            ),
            (
                "STEPSCALE_LLM_BASE_URL",
                format!(
                    "https://me:{}@llm.example/v1?code={}",
                    plant.word("variable of the address of a model"),
                    plant.llm_key("key in the variable of the address of a model")
                ),
            ),
        ];
        let config = config(&mut plant);
        let audit = audit(&mut plant);
        Self {
            markers: plant.0,
            objects,
            environment,
            config,
            audit,
        }
    }

    /// The user's own files.
    pub(super) fn write_files(&self, user: &User) {
        let folder = user.path("config/stepscale");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.yaml"), &self.config).unwrap();
        let folder = user.path("state/stepscale");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("audit.log"), &self.audit).unwrap();
    }

    /// That what the secrets were in is there: what is left out as a whole proves nothing.
    pub(super) fn check_presence(&self, files: &BTreeMap<String, Vec<u8>>) {
        let text = |path: &str| {
            let content = files
                .get(path)
                .unwrap_or_else(|| panic!("no {path}: {:?}", files.keys()));
            String::from_utf8_lossy(content).into_owned()
        };
        let log = "namespaces/keda/pods/keda-operator-1/keda-operator/keda-operator/logs/";
        let watch = "namespaces/stepscale-system/pods/stepscale-0/watch/watch/logs/current.log";
        for (path, word) in [
            ("namespaces/shop/apps/deployments.yaml", "DB_HOST"),
            (
                "namespaces/shop/autoscaling/horizontalpodautoscalers.yaml",
                "FailedGetResourceMetric",
            ),
            ("namespaces/shop/keda.sh/scaledobjects.yaml", "queueName"),
            ("namespaces/shop/keda.sh/scaledjobs.yaml", "jobTargetRef"),
            (
                "namespaces/shop/keda.sh/triggerauthentications.yaml",
                "hashiCorpVault",
            ),
            (
                "cluster-scoped-resources/keda.sh/clustertriggerauthentications/login.yaml",
                "hashiCorpVault",
            ),
            ("namespaces/shop/core/events.yaml", "FailedGetScale"),
            ("event-filter.txt", "FailedGetScale"),
            (&format!("{log}current.log"), "the end"),
            (&format!("{log}previous.log"), "it was killed"),
            (
                "namespaces/keda/pods/keda-operator-1/keda-operator-1.yaml",
                "keda-operator",
            ),
            (watch, "tick"),
            ("stepscale/config.json", "prometheus.headers"),
            ("stepscale/audit.log", "stepscale apply"),
        ] {
            assert!(
                text(path).contains(word),
                "no {word} in {path}:\n{}",
                text(path)
            );
        }
    }
}

fn secret(plant: &mut Planter) -> Value {
    let data = plant.basic("a Secret");
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"},
        "data": {"password": data}})
}

/// The spec of a pod whose every field has one.
fn pod_spec(plant: &mut Planter, of: &str) -> Value {
    let mut word = |place: &str| plant.word(&format!("{place} of {of}"));
    let (plain, password, inline) = (word("plain variable"), word("variable"), word("argument"));
    let (next, shell, login) = (
        word("next argument"),
        word("shell"),
        word("login in a shell"),
    );
    let (header, hook, volume) = (word("header of a probe"), word("hook"), word("volume"));
    let (url, init) = (word("URL in an argument"), word("init container"));
    let model = word("key of a model");
    json!({
        "initContainers": [{"name": "init", "image": "i", "command": ["sh", "-c", format!("TOKEN={init} run")]}],
        "containers": [{
            "name": "app", "image": "registry.example/app:1",
            "env": [{"name": "DB_HOST", "value": plain}, {"name": "DB_PASSWORD", "value": password},
                {"name": "OPENAI_API_KEY", "value": model},
                {"name": "REF", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "WORKERS", "value": "4"}],
            "args": [format!("--password={inline}"), "--token", next, format!("--db=postgres://me:{url}@db/x"),
                "-u", format!("me:{login}")],
            "command": ["sh", "-c", format!("curl -u me:{shell} http://x; exec app")],
            "livenessProbe": {"httpGet": {"path": "/", "port": 80,
                "httpHeaders": [{"name": "X-Probe", "value": header}]}},
            "lifecycle": {"preStop": {"exec": {"command": ["curl", "-H", format!("Authorization: Bearer {hook}"), "x"]}}},
            "resources": {"requests": {"cpu": "100m"}}}],
        "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"share": volume}}}],
        "imagePullSecrets": [{"name": "pull"}]})
}

/// Metadata whose every part has one.
fn metadata(plant: &mut Planter, of: &str, name: &str, namespace: Option<&str>) -> Value {
    let applied =
        json!({"kind": "Secret", "spec": {"note": plant.word(&format!("last applied of {of}"))}});
    let kubeconfig = format!(
        "users:\n- name: me\n  user:\n    token: {}\n    client-key-data: LS0tLS1CRUdJTi{}\n",
        plant.word(&format!("kubeconfig of {of}")),
        plant.word(&format!("key in the kubeconfig of {of}")),
    );
    let docker =
        json!({"auths": {"r.example": {"auth": plant.basic(&format!("registry login of {of}"))}}});
    let json = json!({"db": {"password": plant.word(&format!("JSON annotation of {of}"))}});
    let mut metadata = json!({"name": name,
    "labels": {"app": name, "access-token": plant.word(&format!("label of {of}"))},
    "annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": applied.to_string(),
        "example.com/kubeconfig": kubeconfig,
        "example.com/docker": docker.to_string(),
        "example.com/json": json.to_string(),
        "example.com/db-password": plant.word(&format!("annotation of {of}")),
        "example.com/url": format!("https://me:{}@h/x", plant.word(&format!("URL annotation of {of}"))),
    }});
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    metadata
}

fn deployment(plant: &mut Planter) -> Value {
    let metadata = metadata(plant, "a Deployment", "web", Some("shop"));
    let message = format!("pull: Bearer {}", plant.jwt("condition of a Deployment"));
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}, "annotations": {
                "vault.example/secret": plant.word("annotation of a template")}},
                "spec": pod_spec(plant, "a Deployment")}},
        "status": {"conditions": [{"type": "Progressing", "status": "False", "reason": "X", "message": message}]}})
}

fn hpa(plant: &mut Planter) -> Value {
    let metadata = metadata(plant, "an HPA", "web", Some("shop"));
    let message = format!(
        "get https://me:{}@metrics failed",
        plant.word("condition of an HPA")
    );
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata,
        "spec": {"minReplicas": 1, "maxReplicas": 5,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 60}}}]},
        "status": {"desiredReplicas": 1, "currentReplicas": 1, "conditions": [{"type": "ScalingActive",
            "status": "False", "reason": "FailedGetResourceMetric", "message": message}]}})
}

fn triggers(plant: &mut Planter, of: &str) -> Value {
    let mut word = |place: &str| plant.word(&format!("{place} of {of}"));
    json!([
        {"type": "rabbitmq", "metadata": {"queueName": "orders", "mode": "QueueLength", "value": "20",
            "host": format!("amqp://me:{}@rabbit:5672/{}", word("RabbitMQ host"), word("RabbitMQ vhost"))}},
        {"type": "postgresql", "metadata": {"query": "SELECT 1", "targetQueryValue": "5",
            "connection": format!("host=db user=me password={}", word("PostgreSQL connection"))}},
        {"type": "mysql", "metadata": {"query": "SELECT 1", "queryValue": "5",
            "connectionString": format!("me:{}@tcp(db:3306)/x", word("MySQL connection"))}},
        {"type": "azure-queue", "metadata": {"queueName": "q",
            "connection": format!("DefaultEndpointsProtocol=https;AccountKey={}==", word("Azure connection"))}},
        {"type": "prometheus", "metadata": {"threshold": "5", "query": "sum(x)",
            "serverAddress": format!("http://me:{}@prometheus:9090", word("Prometheus address")),
            "customHeaders": format!("X-Client={}", word("custom headers"))}},
        {"type": "metrics-api", "metadata": {"targetValue": "5", "valueLocation": "x",
            "url": format!("http://api/x?api_key={}", word("metrics API URL")), "apiKey": word("metrics API key")}},
        {"type": "redis", "metadata": {"address": "redis:6379", "listName": "l", "listLength": "5",
            "password": word("Redis password")}},
        {"type": "external", "metadata": {"scalerAddress": "s:9090", "accessToken": word("external scaler")}},
    ])
}

fn scaled_object(plant: &mut Planter) -> Value {
    let metadata = metadata(plant, "a ScaledObject", "orders", Some("shop"));
    let message = format!(
        "dial me:{}@rabbit:5672",
        plant.word("condition of a ScaledObject")
    );
    json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata,
        "spec": {"scaleTargetRef": {"name": "web"}, "triggers": triggers(plant, "a ScaledObject")},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "X", "message": message}]}})
}

fn scaled_job(plant: &mut Planter) -> Value {
    let metadata = metadata(plant, "a ScaledJob", "import", Some("shop"));
    let mut spec = pod_spec(plant, "a ScaledJob");
    spec["restartPolicy"] = "Never".into();
    json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "metadata": metadata,
        "spec": {"jobTargetRef": {"template": {"spec": spec}}, "triggers": triggers(plant, "a ScaledJob")}})
}

fn authentication(plant: &mut Planter, kind: &str) -> Value {
    let namespace = (kind == "TriggerAuthentication").then_some("shop");
    let metadata = metadata(plant, kind, "login", namespace);
    json!({"apiVersion": "keda.sh/v1alpha1", "kind": kind, "metadata": metadata,
        "spec": {"secretTargetRef": [{"parameter": "password", "name": "db", "key": "password"}],
            "hashiCorpVault": {
                "address": format!("https://me:{}@vault", plant.word(&format!("Vault address of {kind}"))),
                "authentication": "token", "credential": {"token": plant.word(&format!("Vault token of {kind}"))},
                "secrets": [{"parameter": "p", "key": "k", "path": "secret/x"}]}}})
}

fn event(plant: &mut Planter) -> Value {
    let message = format!(
        "token={} and basic {}",
        plant.word("event"),
        plant.basic("login in an event")
    );
    json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1", "namespace": "shop"},
        "type": "Warning", "reason": "FailedGetScale", "message": message,
        "lastTimestamp": "2025-12-31T23:59:00Z",
        "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "web", "namespace": "shop"}})
}

fn log(plant: &mut Planter, of: &str) -> String {
    let place = |it: &str| format!("{it} in {of}");
    let lines = [
        json!({"level": "error", "msg": "x", "password": plant.word(&place("JSON password"))})
            .to_string(),
        json!({"level": "error", "key": plant.pem(&place("key in JSON"), "\n")}).to_string(),
        json!({"msg": json!({"client_secret": plant.word(&place("JSON in JSON"))}).to_string()})
            .to_string(),
        plant.pem(&place("key over lines"), "\n"),
        format!("got {}", plant.jwt(&place("JSON web token"))),
        format!(
            "using {}",
            plant.of(&place("AWS key"), |it| format!("AKIAIOSFODNN7EXAM{it}"))
        ),
        format!(
            "aws_secret_access_key = {}",
            plant.word(&place("AWS secret"))
        ),
        format!(
            "push to https://{}@github.com/x",
            plant.of(&place("GitHub token"), |it| format!(
                "ghp_abcdefghijklmnopqrstuvwxyz0123{it}"
            ))
        ),
        format!("Authorization: Basic {}", plant.basic(&place("header"))),
        format!(
            "Set-Cookie: session={}; Path=/",
            plant.word(&place("cookie"))
        ),
        format!(
            "post https://hooks.slack.com/services/T000/B000/{}",
            plant.word(&place("Slack"))
        ),
        format!(
            "Endpoint=sb://x.example/;SharedAccessKeyName=root;SharedAccessKey={}=",
            plant.word(&place("Service Bus"))
        ),
        format!(
            "Server=db;User Id=me;Pwd={};",
            plant.word(&place("SQL Server"))
        ),
        format!(
            "url=https://b.example/c?sv=1&sig={}&x=1",
            plant.word(&place("signature"))
        ),
        format!(
            "err=\"dial\" password=\"{} more\"",
            plant.word(&place("quoted password"))
        ),
        format!("login with --password {}", plant.word(&place("flag"))),
        format!(
            "POST /v1/chat api-key: {}",
            plant.word(&place("header of a model"))
        ),
        format!(
            "401: Incorrect API key provided: {}",
            plant.llm_key(&place("key of OpenAI"))
        ),
        format!(
            "x-api-key {} was refused",
            plant.of(&place("key of Anthropic"), |it| format!(
                "sk-ant-api03-Zm9vYmFyYmF6cXV4{it}"
            ))
        ),
    ];
    lines.join("\n")
}

fn pods(plant: &mut Planter) -> [Value; 2] {
    let pod = |namespace: &str,
               name: &str,
               container: &str,
               labels: Value,
               spec: &Value,
               annotations: Value| {
        let mut spec = spec.clone();
        spec["containers"][0]["name"] = container.into();
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations},
            "spec": spec, "status": {"phase": "Running", "containerStatuses": [{"name": container,
                "restartCount": 1, "image": "i", "imageID": "", "ready": true,
                "state": {"running": {"startedAt": "2025-12-31T12:00:00Z"}}}]}})
    };
    let log_and_end = format!("{}\nthe end\n", log(plant, "the log of KEDA"));
    let before = format!("{}\nit was killed\n", log(plant, "the log of KEDA before"));
    let spec = pod_spec(plant, "KEDA's pod");
    let annotations = json!({"sandbox.stepscale.io/log": log_and_end, "sandbox.stepscale.io/previous-log": before});
    let keda = pod(
        "keda",
        "keda-operator-1",
        "keda-operator",
        json!({"app": "keda-operator"}),
        &spec,
        annotations,
    );
    let ticks = format!("tick\n{}\n", log(plant, "the log of watch"));
    let labels = json!({"app.kubernetes.io/name": "stepscale", "app.kubernetes.io/managed-by": "kubectl-stepscale"});
    let spec = pod_spec(plant, "a pod of watch");
    let annotations = json!({"sandbox.stepscale.io/log.watch": ticks});
    let watch = pod(
        "stepscale-system",
        "stepscale-0",
        "watch",
        labels,
        &spec,
        annotations,
    );
    [keda, watch]
}

fn config(plant: &mut Planter) -> String {
    format!(
        "prometheus:\n  headers: ['X-Api: {}']\nwebhook:\n  url: https://h.example/{}\nlicense:\n  secret: {}\n\
         llm:\n  provider: openai\n  model: m\n  baseUrl: https://me:{}@llm.example/v1?code={}\n",
        plant.word("header in the file"),
        plant.word("webhook in the file"),
        plant.word("license in the file"),
        plant.word("password of a model in the file"),
        plant.llm_key("key of a model in the file"),
    )
}

fn audit(plant: &mut Planter) -> String {
    let command = format!(
        "stepscale apply --prometheus-url http://me:{}@p --llm-base-url https://me:{}@o/v1?api-key={}",
        plant.word("command in the audit log"),
        plant.word("address of a model in the audit log"),
        plant.llm_key("key of a model in the audit log")
    );
    let json = json!({"kind": "Event", "annotations": {"command": command},
        "requestObject": {"env": [{"name": "API_TOKEN", "apiKey": plant.word("object in the audit log")}]}});
    let legacy = format!(
        "user=\"me\" reason=\"password={}\"",
        plant.word("reason in the audit log")
    );
    format!("{json}\n{legacy}\n")
}
