//! `uninstall`: takes away what `install` made, and says what stays.

use std::time::Duration;

use serde_json::Value;

use super::{Session, objects};
use crate::audit::Verb;
use crate::cli::context::Context;
use crate::cluster::{self, Cluster};
use crate::config::act::DryRun;
use crate::config::install::UninstallConfig;
use crate::error::{Error, Exit};
use crate::install::{self, GRACE_SECONDS, LICENSE_SECRET, NAMESPACE, Name};
use crate::lifecycle::journal::{self, Journal};
use crate::store::KIND;

/// Of the pods: what they are given, and a little more.
const PATIENCE: Duration = Duration::from_secs(GRACE_SECONDS as u64 + 15);
const GLANCE: Duration = Duration::from_millis(250);

pub(in crate::cli) async fn run(cx: Context, config: UninstallConfig) -> Result<Exit, Error> {
    let session = Session::open(&cx, &config.connection, &config.audit).await?;
    let removal = Removal {
        cx: &cx,
        cluster: &session.cluster,
        session: &session,
        config: &config,
    };
    let changed = removal.changed().await?;
    if config.purge && !config.force && !changed.is_empty() {
        return Err(Error::StillChanged { reverts: changed });
    }
    let mut deleted = removal.remove_watch().await?;
    if config.purge {
        deleted += removal.purge().await?;
    }
    if deleted == 0 {
        cx.note(&format!(
            "nothing of ours is in namespace {}",
            config.namespace
        ));
    }
    removal.tell_what_stays(&changed).await?;
    Ok(Exit::Clean)
}

/// One that is under way.
struct Removal<'a> {
    cx: &'a Context,
    session: &'a Session,
    cluster: &'a Cluster,
    config: &'a UninstallConfig,
}

impl Removal<'_> {
    /// The commands that would take back what of ours is in force, sorted.
    async fn changed(&self) -> Result<Vec<String>, Error> {
        let mut reverts = vec![];
        let kind = &objects::AUTOSCALERS;
        let all = self
            .cluster
            .all(kind, None, |it| reverts.extend(revert(&it)));
        match all.await {
            // Without all rights, what can be seen has to do, but not to delete what is kept of it.
            Err(cluster::Error::Forbidden { .. }) if !self.config.purge => {
                let namespace = &self.config.namespace;
                let own = |it| reverts.extend(revert(&it));
                match self.cluster.all(kind, Some(namespace), own).await {
                    Ok(()) | Err(cluster::Error::Forbidden { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                self.cx.note(
                    "note: not all autoscalers may be looked at: others may be changed as well",
                );
            }
            all => all?,
        }
        reverts.sort();
        Ok(reverts)
    }

    /// Takes the workloads away, then what they were allowed; how much there was.
    async fn remove_watch(&self) -> Result<usize, Error> {
        let (workloads, others) = in_order(&self.config.namespace);
        let mut deleted = 0;
        for name in &workloads {
            deleted += usize::from(self.remove(name, true).await?);
        }
        if deleted > 0 {
            self.wait_for_pods().await?;
        }
        for name in &others {
            deleted += usize::from(self.remove(name, true).await?);
        }
        for name in self.leases().await? {
            deleted += usize::from(self.remove(&name, false).await?);
        }
        Ok(deleted)
    }

    /// Takes away what people have made or decided.
    async fn purge(&self) -> Result<usize, Error> {
        let namespace = &self.config.namespace;
        let secret = Name::of("v1", "Secret", Some(namespace), LICENSE_SECRET);
        let mut deleted = usize::from(self.remove(&secret, false).await?);
        let kept = install::everything(namespace).into_iter();
        for name in kept.filter(is_kept).rev() {
            // The kind is of our own group, whoever has made it.
            let only_ours = name.kind == "Namespace";
            deleted += usize::from(self.remove(&name, only_ours).await?);
        }
        Ok(deleted)
    }

    /// Whether there was such an object, which is now gone or about to go.
    async fn remove(&self, name: &Name, only_ours: bool) -> Result<bool, Error> {
        let object = match objects::read(self.cluster, name).await {
            // Roles of the whole cluster are there only where somebody could make them.
            Err(cluster::Error::Forbidden { .. }) if name.namespace.is_none() => {
                let title = name.title();
                self.cx
                    .note(&format!("note: {title} may not be looked at, and stays"));
                return Ok(false);
            }
            object => object?,
        };
        let Some(object) = object else {
            return Ok(false);
        };
        if only_ours && !install::is_ours(&object) {
            self.cx.note(&format!(
                "note: {} stays: `install` did not make it",
                name.title()
            ));
            return Ok(false);
        }
        if self.config.dry_run != DryRun::Client {
            let dry_run = self.config.dry_run == DryRun::Server;
            let deleted = objects::delete(self.session, Verb::Uninstall, name, dry_run);
            deleted.await?.map_err(|source| Error::Uninstall {
                name: name.title(),
                source,
            })?;
        }
        self.tell(name)?;
        Ok(true)
    }

    fn tell(&self, name: &Name) -> Result<(), Error> {
        let how = match self.config.dry_run {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        };
        self.cx
            .print(|out| writeln!(out, "{} deleted{how}", name.title()))
    }

    /// Waits for writes to be finished or abandoned, while they still may be.
    async fn wait_for_pods(&self) -> Result<(), Error> {
        if self.config.dry_run != DryRun::None {
            return Ok(());
        }
        let mut waited = Duration::ZERO;
        while waited < PATIENCE && self.has_pods().await? {
            tokio::time::sleep(GLANCE).await;
            waited += GLANCE;
        }
        Ok(())
    }

    async fn has_pods(&self) -> Result<bool, Error> {
        let mut found = false;
        let namespace = Some(self.config.namespace.as_str());
        let each = |it: Value| found |= install::is_pod(&it);
        match self.cluster.all(&objects::PODS, namespace, each).await {
            Ok(()) => Ok(found),
            Err(cluster::Error::Forbidden { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Those of the ones that wrote, which `watch` made and not `install`.
    async fn leases(&self) -> Result<Vec<Name>, Error> {
        let namespace = self.config.namespace.as_str();
        let mut names = vec![];
        let each = |it: Value| {
            let name = it["metadata"]["name"].as_str();
            names.extend(name.filter(|it| install::is_lease(it)).map(str::to_owned));
        };
        let all = self.cluster.all(&objects::LEASES, Some(namespace), each);
        all.await?;
        let lease = |it: String| Name::of("coordination.k8s.io/v1", "Lease", Some(namespace), &it);
        Ok(names.into_iter().map(lease).collect())
    }

    async fn tell_what_stays(&self, changed: &[String]) -> Result<(), Error> {
        if !self.config.purge {
            self.tell_what_is_kept().await?;
        }
        if !changed.is_empty() {
            self.cx.note(&format!(
                "{} autoscalers stay as they were changed; to take that back:",
                changed.len()
            ));
            for revert in changed {
                self.cx.note(&format!("  {revert}"));
            }
        }
        Ok(())
    }

    async fn tell_what_is_kept(&self) -> Result<(), Error> {
        let mut count = 0;
        if self.cluster.serves(&KIND).await? {
            match self.cluster.all(&KIND, None, |_| count += 1).await {
                Ok(()) => self.cx.note(&format!(
                    "{count} recommendations stay, with their kind: `kubectl get scalerec -A`; \
                     --purge deletes them"
                )),
                Err(cluster::Error::Forbidden { .. }) => {
                    self.cx.note("recommendations stay, with their kind");
                }
                Err(error) => return Err(error.into()),
            }
        }
        let secret = Name::of("v1", "Secret", Some(&self.config.namespace), LICENSE_SECRET);
        let stays = [
            (secret, "the license"),
            (
                Name::of("v1", "Namespace", None, NAMESPACE),
                "the namespace",
            ),
        ];
        for (name, what) in stays {
            let is_meant = name.kind != "Namespace" || self.config.namespace == NAMESPACE;
            if is_meant && matches!(objects::read(self.cluster, &name).await, Ok(Some(_))) {
                self.cx.note(&format!(
                    "{what} stays ({}); --purge deletes it",
                    name.title()
                ));
            }
        }
        Ok(())
    }
}

/// What goes without `--purge`: what runs, and then what it needs, in their order.
fn in_order(namespace: &str) -> (Vec<Name>, Vec<Name>) {
    let all = install::everything(namespace).into_iter().rev();
    all.filter(|it| !is_kept(it)).partition(is_workload)
}

/// Whether it goes only with everything that people have decided.
fn is_kept(name: &Name) -> bool {
    matches!(name.kind.as_str(), "CustomResourceDefinition" | "Namespace")
}

fn is_workload(name: &Name) -> bool {
    matches!(
        name.kind.as_str(),
        "Deployment" | "StatefulSet" | "Job" | "ServiceMonitor"
    )
}

/// The command that takes back what of ours is in force on an autoscaler.
fn revert(object: &Value) -> Option<String> {
    object["metadata"]["annotations"].get(journal::ANNOTATION)?;
    let name = object["metadata"]["name"].as_str()?;
    let namespace = object["metadata"]["namespace"].as_str()?;
    let recommendation = match Journal::of(object) {
        Ok(Some(journal)) => journal.recommendation,
        // What cannot be read is still there; `revert` says what to do about it.
        Ok(None) | Err(_) => name.to_owned(),
    };
    Some(format!(
        "kubectl stepscale revert {recommendation} -n {namespace}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_in_force_comes_with_the_command_that_takes_it_back() {
        let hpa = |annotations: Value| {
            revert(&json!({ "metadata": { "name": "web", "namespace": "shop",
                "annotations": annotations } }))
        };
        assert_eq!(hpa(json!({ "a": "b" })), None);
        assert_eq!(hpa(Value::Null), None);
        let command = hpa(json!({ journal::ANNOTATION: "broken" }));
        assert_eq!(
            command.as_deref(),
            Some("kubectl stepscale revert web -n shop")
        );
        let text = json!({ "version": 1, "id": "a", "recommendation": "web-hpa", "by": "ana",
            "at": "2026-11-22T10:00:00Z", "changes": [] });
        let command = hpa(json!({ journal::ANNOTATION: text.to_string() }));
        assert_eq!(
            command.as_deref(),
            Some("kubectl stepscale revert web-hpa -n shop")
        );
    }

    #[test]
    fn what_runs_goes_before_what_it_needs_and_the_kind_stays() {
        let (workloads, others) = in_order(NAMESPACE);
        let kinds = |names: &[Name]| -> Vec<String> {
            let mut kinds: Vec<String> = names.iter().map(|it| it.kind.clone()).collect();
            kinds.dedup();
            kinds
        };
        let running = ["ServiceMonitor", "Job", "StatefulSet", "Deployment"];
        assert_eq!(kinds(&workloads), [running, running].concat());
        let place = |kind: &str| others.iter().position(|it| it.kind == kind).unwrap();
        assert!(place("ClusterRoleBinding") < place("ClusterRole"));
        assert!(place("ClusterRole") < place("ServiceAccount"));
        assert!(!others.iter().any(is_kept));
    }
}
