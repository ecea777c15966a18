//! What each key of the configuration file is, for whoever lists them. What a key means, and what
//! counts without it, is told by its flag, where it has one that says the same.

/// What stands for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Path,
    Number,
    /// `0.15` or `15%`.
    Share,
    /// `true` or `false`.
    Switch,
    /// `90s`, `5m`, `26h`.
    Time,
    /// One of a few.
    Word,
    List,
    /// With keys of its own.
    Mapping,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "path",
            Self::Number => "number",
            Self::Share => "share",
            Self::Switch => "`true` or `false`",
            Self::Time => "time",
            Self::Word => "word",
            Self::List => "list of texts",
            Self::Mapping => "mapping",
        }
    }
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// With dots between the groups.
    pub key: &'static str,
    pub kind: Kind,
    /// A value, as YAML on one line.
    pub example: &'static str,
    /// What it means, and what counts without it; where no flag tells, or another thing.
    pub own: Option<(&'static str, &'static str)>,
}

const fn told(key: &'static str, kind: Kind, example: &'static str) -> Told {
    Told {
        key,
        kind,
        example,
        own: None,
    }
}

const fn own(
    key: &'static str,
    kind: Kind,
    example: &'static str,
    meaning: (&'static str, &'static str),
) -> Told {
    Told {
        key,
        kind,
        example,
        own: Some(meaning),
    }
}

/// All of them, in the order of [`KEYS`](super::KEYS).
#[rustfmt::skip]
pub const TOLD: [Told; super::KEYS.len()] = [
    told("prometheus.url", Kind::Text, "https://mimir.example/prometheus"),
    told("prometheus.bearerTokenFile", Kind::Path, "/run/secrets/token"),
    told("prometheus.basicAuthFile", Kind::Path, "/run/secrets/user-and-password"),
    told("prometheus.clientCertificate", Kind::Path, "client.pem"),
    told("prometheus.clientKey", Kind::Path, "client.key"),
    told("prometheus.caFile", Kind::Path, "authorities.pem"),
    told("prometheus.insecure", Kind::Switch, "false"),
    told("prometheus.headers", Kind::List, "[\"X-Scope-OrgID: team\"]"),
    told("prometheus.read", Kind::Word, "auto"),
    told("prometheus.compression", Kind::Word, "auto"),
    told("prometheus.concurrency", Kind::Number, "4"),
    told("prometheus.timeout", Kind::Time, "2m"),
    own("prometheus.enabled", Kind::Switch, "true",
        ("Whether a Prometheus is read; else metrics.k8s.io and a local history file", "true")),
    told("metrics.windowDays", Kind::Number, "28"),
    told("metrics.stepSeconds", Kind::Number, "300"),
    told("metrics.promql.cpu", Kind::Text,
        "'sum(rate(cpu_seconds_total{namespace=\"{ns}\", deployment=\"{deploy}\"}[5m]))'"),
    told("metrics.promql.replicas", Kind::Text,
        "'max(replicas_ready{namespace=\"{ns}\", deployment=\"{deploy}\"})'"),
    told("analysis.minHistoryDays", Kind::Number, "7"),
    told("analysis.headroom", Kind::Share, "10%"),
    told("analysis.minEffect", Kind::Share, "10%"),
    told("analysis.shortfallBudget", Kind::Time, "90s"),
    own("analysis.course", Kind::Word, "any",
        ("What may be proposed: `any`; `raise`, as the first flag; `lower`, as the second", "any")),
    told("analysis.allowSingle", Kind::Switch, "false"),
    told("analysis.holdout", Kind::Share, "30%"),
    told("analysis.failOn", Kind::Word, "never"),
    told("forecasting.enabled", Kind::Switch, "true"),
    told("forecasting.minHistoryDays", Kind::Number, "14"),
    told("forecasting.binMinutes", Kind::Number, "60"),
    told("forecasting.quantile", Kind::Share, "95%"),
    told("forecasting.periodicityThreshold", Kind::Share, "0.3"),
    told("forecasting.prescaleLeadMinutes", Kind::Number, "10"),
    told("forecasting.timeZone", Kind::Text, "Europe/Berlin"),
    told("prices.cpuHour", Kind::Number, "0.0316"),
    told("prices.memoryGibHour", Kind::Number, "0.0042"),
    told("prices.file", Kind::Path, "prices.yaml"),
    told("prices.opencostUrl", Kind::Text, "http://opencost.example:9003"),
    told("safety.probationWindowMinutes", Kind::Number, "45"),
    told("safety.probationMax", Kind::Time, "26h"),
    told("safety.rollbackEnabled", Kind::Switch, "true"),
    told("safety.healthCpuMargin", Kind::Share, "15%"),
    told("safety.slos", Kind::List, "[\"p99=histogram_quantile(0.99, sum by (le) (rate(latency_bucket[5m]))) < 0.3\"]"),
    told("safety.maxInProbation", Kind::Number, "3"),
    told("safety.stopOnRevert", Kind::Switch, "true"),
    told("license.file", Kind::Path, "license.json"),
    told("license.signature", Kind::Path, "license.json.sig"),
    told("license.secret", Kind::Text, "stepscale-system/stepscale-license"),
    told("license.publicKey", Kind::Path, "stepscale-license.pub"),
    told("license.graceDays", Kind::Number, "14"),
    told("cluster.requestTimeout", Kind::Time, "30s"),
    own("audit.logFormat", Kind::Word, "json",
        ("How the [audit log](audit.md) is written: `json`, `legacy`", "json")),
    told("audit.logFile", Kind::Path, "/var/log/stepscale/audit.log"),
    own("audit.policy", Kind::Mapping, "{rules: [{level: Request}]}",
        ("What is recorded: [rules](audit.md#options) of a Kubernetes audit policy", "everything, level `Request`")),
    own("audit.lifetime.maxAge", Kind::Number, "90",
        ("Days after which a rotated file is removed; 0 keeps them", "0")),
    own("audit.lifetime.maxBackup", Kind::Number, "10",
        ("Most rotated files; 0 for any number", "0")),
    own("audit.lifetime.maxSize", Kind::Number, "100",
        ("Megabytes after which the file is rotated; 0 for 100", "0")),
    told("webhook.url", Kind::Text, "https://hooks.example.com/services/x"),
    told("webhook.urlFile", Kind::Path, "/etc/stepscale/webhook/url"),
    told("webhook.form", Kind::Word, "cloudevents"),
    told("webhook.keyFile", Kind::Path, "/etc/stepscale/webhook/key"),
    told("webhook.source", Kind::Text, "/clusters/prod"),
    told("webhook.redact", Kind::Switch, "false"),
    told("webhook.caFile", Kind::Path, "authorities.pem"),
    told("webhook.timeout", Kind::Time, "10s"),
    told("llm.provider", Kind::Word, "ollama"),
    told("llm.model", Kind::Text, "llama3.2"),
    told("llm.baseUrl", Kind::Text, "http://ollama.example:11434"),
    told("llm.timeoutSeconds", Kind::Number, "30"),
    told("llm.concurrency", Kind::Number, "4"),
    told("llm.budgetRequests", Kind::Number, "100"),
    told("llm.budgetSeconds", Kind::Number, "120"),
    told("llm.redactNames", Kind::Switch, "false"),
    told("output.format", Kind::Word, "wide"),
    told("output.color", Kind::Word, "auto"),
];
