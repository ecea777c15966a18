//! The parts of a support bundle, each read and added by itself: one that cannot be read is told in the
//! bundle, and the others are there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Value, json};

use super::super::context::Context;
use super::super::sources::{self, Gathering, Limit};
use super::{closing, warnings};
use crate::bundle::{Draft, events};
use crate::causes;
use crate::cluster::gathering::{KINDS, Kind, LogOf};
use crate::cluster::{self, Cluster, Namespaces};
use crate::config::{self, Bundle, Config, GatherConfig, Input, Question, Report};
use crate::error::Error;
use crate::install;
use crate::lifecycle::form;
use crate::output::report::Place;
use crate::state;
use crate::store::Store;

/// Whose logs say why KEDA scales as it does, and the namespace that it usually has.
const KEDA: (&str, &str) = (
    "app in (keda-operator,keda-operator-metrics-apiserver,keda-metrics-apiserver,keda-admission-webhooks)",
    "keda",
);

/// Bytes at the end of the audit log.
const MOST_OF_AUDIT_LOG: u64 = 2 << 20;

/// A bundle that is being filled.
pub(super) struct Contents {
    pub(super) draft: Draft,
    pub(super) cluster: Cluster,
    pub(super) limit: Option<Limit>,
    /// What runs there, by what it is.
    pub(super) versions: BTreeMap<String, Value>,
}

impl Contents {
    /// What `asked` gives in time; what it does not give is said to be missing.
    async fn part<T, E: Into<Error>>(
        &mut self,
        what: &str,
        kind: Option<&str>,
        asked: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        match sources::within(self.limit, what, asked).await {
            Ok(given) => Some(given),
            Err(error) => {
                self.draft.missing(what, &causes::whole(&error), kind);
                None
            }
        }
    }

    /// Adds the snapshot and what an analysis makes of it; gives the line that tells of it.
    ///
    /// # Errors
    /// Where somebody is named who is not there, or nothing can be written.
    pub(super) async fn snapshot(
        &mut self,
        cx: &Context,
        gathering: &Gathering<'_>,
        config: &GatherConfig,
        wanted: &Bundle,
    ) -> Result<String, Error> {
        let unwritable = |source| Error::Write {
            flag: "-o",
            path: wanted.path.clone(),
            source,
        };
        let folder = tempfile::tempdir().map_err(unwritable)?;
        let path = folder.path().join("snapshot.jsonl.gz");
        let out = wanted.path.display().to_string();
        let drawn = match gathering.draw(&path, self.limit).await {
            Ok(drawn) => drawn,
            Err(error @ Error::Cluster(cluster::Error::NotFound { .. })) => return Err(error),
            Err(error) => {
                self.draft.missing("snapshot", &causes::whole(&error), None);
                return Ok(format!("no autoscalers written to {out}"));
            }
        };
        self.draft.left_out(&drawn.tally);
        let (written, failed) = drawn.given_up()?;
        if let Some(error) = failed {
            self.draft.missing("history", &causes::whole(&error), None);
        }
        for (why, count) in &written.unread {
            let what = format!("history of {count} scale targets");
            self.draft.missing(what, why, None);
        }
        self.draft.snapshot(&path).map_err(unwritable)?;
        self.analysis(cx, &path, config, wanted)
            .await
            .map_err(unwritable)?;
        if let Some(reading) = &written.reading {
            let source = json!({"source": reading.source, "way": reading.way,
                "warnings": warnings(&written)});
            self.versions.insert("history".to_owned(), source);
        }
        Ok(closing(cx, &written, &out))
    }

    /// Adds what `analyze` says of the snapshot.
    async fn analysis(
        &mut self,
        cx: &Context,
        snapshot: &Path,
        config: &GatherConfig,
        wanted: &Bundle,
    ) -> io::Result<()> {
        let mut scope = config.scope.clone();
        // The snapshot holds what is in scope.
        scope.namespaces = Namespaces::All;
        let config = Config {
            question: Question {
                input: Input::Snapshot(config::Snapshot::File(snapshot.to_owned())),
                scope,
                window: config.window,
                now: None,
                shard: None,
            },
            analysis: wanted.analysis.clone(),
            opencost: wanted.opencost.clone(),
            llm: None,
            report: Report::default(),
            save: false,
            audit: wanted.audit.clone(),
        };
        let assessed = sources::assess(&config, cx.progress(), cx.now());
        let Some(mut gathered) = self.part("analysis", None, assessed).await else {
            return Ok(());
        };
        gathered.reading.source = "snapshot of this bundle".to_owned();
        gathered.place = Place::Cluster;
        let report = gathered.report();
        self.draft.json("stepscale/reports/analysis.json", &report)
    }

    /// Adds the objects of the namespaces, and of the cluster.
    pub(super) async fn objects(&mut self, namespaces: &Namespaces) -> io::Result<()> {
        let mut told = String::new();
        for kind in &KINDS {
            let cluster = self.cluster.clone();
            let read = self
                .whole_kind(kind, cluster.all_of(kind, namespaces))
                .await;
            let Some(objects) = read else {
                continue;
            };
            if kind.kind == "Event" {
                told = events::text(&objects);
            }
            let names = (kind.group(), kind.plural());
            self.draft
                .objects(names, (&kind.api_version(), kind.kind), objects)?;
        }
        self.draft.text("event-filter.txt", &told)?;
        let cluster = self.cluster.clone();
        let services = self
            .part("get apiservices", None, cluster.metrics_apis())
            .await;
        for (_, service) in services.into_iter().flatten() {
            self.draft
                .of_cluster("apiregistration.k8s.io", "apiservices", service)?;
        }
        Ok(())
    }

    /// As [`part`](Self::part); a kind that the cluster does not have is missed by nobody, and a
    /// refusal is told in the words that `lint` has for it.
    async fn whole_kind(
        &mut self,
        kind: &Kind,
        asked: impl Future<Output = Result<Option<Vec<Value>>, cluster::Error>>,
    ) -> Option<Vec<Value>> {
        self.part(&kind.operation(), Some(kind.kind), asked).await?
    }

    /// Adds the pods of `watch` and of KEDA, with their logs.
    pub(super) async fn pods(&mut self, wanted: &Bundle) -> io::Result<()> {
        let cluster = self.cluster.clone();
        let ours = format!("app.kubernetes.io/managed-by={}", crate::lifecycle::MANAGER);
        let places = [install::NAMESPACE, cluster.namespace()];
        let found = self.part("list pods of watch", None, cluster.pods(&ours, &places));
        let mut pods = found.await.unwrap_or_default();
        pods.retain(install::is_pod);
        let (selector, namespace) = KEDA;
        let places = [namespace];
        let found = self.part("list pods of KEDA", None, cluster.pods(selector, &places));
        let of_keda = found.await.unwrap_or_default();
        let images: Vec<Value> = of_keda.iter().map(running).collect();
        self.versions
            .insert("keda".to_owned(), Value::Array(images));
        pods.extend(of_keda);
        for pod in pods {
            self.pod(pod, wanted).await?;
        }
        Ok(())
    }

    async fn pod(&mut self, pod: Value, wanted: &Bundle) -> io::Result<()> {
        let text = |name: &str| {
            pod["metadata"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let (namespace, name) = (text("namespace"), text("name"));
        for (container, was_restarted) in containers(&pod) {
            let which = [false, true];
            for is_previous in which.into_iter().filter(|it| !it || was_restarted) {
                let cluster = self.cluster.clone();
                let of = LogOf {
                    namespace: &namespace,
                    pod: &name,
                    container: &container,
                    is_previous,
                    since: wanted.since,
                };
                let what = format!("log of {namespace}/{name}/{container}");
                let log = self.part(&what, None, cluster.log(of)).await.flatten();
                if let Some(log) = log {
                    let of = (namespace.as_str(), name.as_str(), container.as_str());
                    self.draft.log(of, is_previous, &log)?;
                }
            }
        }
        self.draft.pod(&namespace, &name, pod)
    }

    /// Adds recommendations that are kept as files; those that are objects are there already.
    pub(super) async fn recommendations(&mut self, namespaces: &Namespaces) -> io::Result<()> {
        let cluster = self.cluster.clone();
        let namespace = match namespaces {
            Namespaces::All | Namespaces::Several(_) => None,
            Namespaces::One(it) => Some(it.as_str()),
            Namespaces::Current => Some(cluster.namespace()),
        };
        let listed = async {
            match Store::of(&cluster).await? {
                Store::Objects(_) => Ok::<_, crate::store::Error>(None),
                store @ Store::Files(_) => store.list(namespace).await.map(Some),
            }
        };
        let listed = self.part("recommendations", None, listed).await.flatten();
        let Some(listed) = listed.filter(|it| !it.records.is_empty()) else {
            return Ok(());
        };
        let records = listed.records.iter();
        let items: Vec<Value> = records
            .map(|it| form::to_object(&it.record, None))
            .collect();
        let list = json!({"apiVersion": format!("{}/{}", form::GROUP, form::VERSION),
            "kind": format!("{}List", form::KIND), "items": items});
        self.draft.json("stepscale/recommendations.json", &list)
    }

    /// Adds what this machine knows: what the run was told, and the end of the audit log.
    pub(super) fn own(&mut self, wanted: &Bundle) -> io::Result<()> {
        self.draft
            .json("stepscale/config.json", &told(&wanted.told))?;
        let Some(path) = wanted.audit.path(state::folder().as_deref()) else {
            return Ok(());
        };
        match end_of_file(&path) {
            Ok(lines) => self.draft.lines("stepscale/audit.log", &lines),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => {
                let what = format!("audit log {}", path.display());
                self.draft.missing(what, &error.to_string(), None);
                Ok(())
            }
        }
    }

    /// Adds what runs where.
    pub(super) async fn versions(&mut self, gathering: &Gathering<'_>) -> io::Result<()> {
        let told = self
            .part("version of Prometheus", None, gathering.prometheus())
            .await;
        if let Some((name, told)) = told.flatten() {
            let told =
                json!({"name": name, "application": told.application, "version": told.version});
            self.versions.insert("prometheus".to_owned(), told);
        }
        let ours = json!({"version": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH});
        self.versions.insert("stepscale".to_owned(), ours);
        let name = self.cluster.name();
        let cluster = json!({"name": name.name, "version": name.version});
        self.versions.insert("cluster".to_owned(), cluster);
        self.draft.json("stepscale/versions.json", &self.versions)
    }
}

/// The containers of a pod, and whether each was restarted.
fn containers(pod: &Value) -> Vec<(String, bool)> {
    let list = |pointer: &str| {
        pod.pointer(pointer)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let statuses =
        || list("/status/initContainerStatuses").chain(list("/status/containerStatuses"));
    let was_restarted = |name: &str| {
        statuses().any(|it| it["name"] == name && it["restartCount"].as_u64().unwrap_or(0) > 0)
    };
    let all = list("/spec/initContainers").chain(list("/spec/containers"));
    let names = all.filter_map(|it| it["name"].as_str());
    names.map(|it| (it.to_owned(), was_restarted(it))).collect()
}

/// What a pod runs.
fn running(pod: &Value) -> Value {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let images = containers
        .into_iter()
        .flatten()
        .map(|it| it["image"].clone());
    json!({"pod": pod["metadata"]["name"], "images": images.collect::<Vec<_>>()})
}

/// What the run was told, by where it was told.
fn told(all: &[config::Told]) -> Value {
    let by = |origin| {
        let of_origin = all.iter().filter(|it| it.origin == origin);
        let pairs = of_origin.map(|it| match &it.value {
            Some(value) => (it.name.clone(), json!({"set": true, "value": value})),
            None => (it.name.clone(), json!({"set": true})),
        });
        // A field whose name is a secret's would be left out as a whole.
        let rows = pairs.map(|(name, told)| json!({"setting": name, "told": told}));
        Value::Array(rows.collect())
    };
    json!({
        "flags": by(config::Origin::Flag),
        "environment": by(config::Origin::Environment),
        "file": by(config::Origin::File),
    })
}

/// The last whole lines of a file.
fn end_of_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(MOST_OF_AUDIT_LOG);
    file.seek(SeekFrom::Start(start))?;
    let mut lines = Vec::new();
    file.take(MOST_OF_AUDIT_LOG).read_to_end(&mut lines)?;
    if start > 0 {
        let first = lines.iter().position(|it| *it == b'\n');
        lines.drain(..first.map_or(lines.len(), |it| it + 1));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_was_restarted_has_a_log_before() {
        let pod = json!({"spec": {"initContainers": [{"name": "init"}], "containers": [{"name": "app"}]},
            "status": {"containerStatuses": [{"name": "app", "restartCount": 2}]}});
        let expected = [("init".to_owned(), false), ("app".to_owned(), true)];
        assert_eq!(containers(&pod), expected);
        assert!(containers(&json!({})).is_empty());
    }

    #[test]
    fn of_a_long_file_the_last_whole_lines_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        assert_eq!(end_of_file(&path).unwrap(), b"one\ntwo\n");
        let long: String = (0..300_000).map(|it| format!("line {it}\n")).collect();
        std::fs::write(&path, &long).unwrap();
        let end = String::from_utf8(end_of_file(&path).unwrap()).unwrap();
        assert!(long.ends_with(&end) && end.starts_with("line "));
    }
}
