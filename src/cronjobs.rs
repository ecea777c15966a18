//! A schedule of an HPA carried out by CronJobs, with nothing of ours in the cluster: from windows to
//! Kubernetes objects, in the order in which they are applied.
//!
//! Each window has two jobs, of which one raises the minimum at its start and the other puts it back at
//! its end. All of them run one script, [`SCRIPT`], which decides by what is there when it runs; so
//! windows may overlap, jobs may be missed or come twice, and somebody may change the HPA meanwhile.
//! What it has done is kept in an annotation, see [`note`].
//!
//! Not here: a ScaledObject, whose windows are triggers of its own.

mod access;
mod job;
mod names;
pub mod note;
mod script;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::install::Item;
use crate::schedule::{Plan, Window};
use names::Names;
pub use script::SCRIPT;

/// An image with both; the one that Kubernetes publishes, `registry.k8s.io/kubectl`, has no shell. Which
/// version of kubectl it is does not matter: what is asked for is the same since Kubernetes v1.23.
pub const IMAGE: &str = "docker.io/alpine/kubectl:1.36.0";

/// What is to be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub namespace: &'a str,
    /// Its name.
    pub hpa: &'a str,
    /// Where the windows come from, by its name.
    pub recommendation: &'a str,
    pub plan: &'a Plan,
    /// With sh and kubectl.
    pub image: &'a str,
}

/// Why a window has no CronJob that ends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no CronJob ends the window that starts at `{start}` for {minutes} minutes")]
pub struct NoEnd {
    pub start: String,
    pub minutes: u32,
}

/// The objects of a request.
///
/// # Errors
/// Where a window ends at times that no line of cron says, or opens again when it ends.
pub fn items(request: &Request<'_>) -> Result<Vec<Item>, NoEnd> {
    let names = Names::of(request.hpa);
    let mut items = access::items(request, &names).to_vec();
    items.push(script(request, &names));
    for (index, window) in request.plan.windows().iter().enumerate() {
        let turns = Turns::of(window)?;
        items.extend(job::pair(request, &names, index + 1, window, &turns));
    }
    Ok(items)
}

/// When a window opens and closes, by the wall clock of its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turns {
    start: String,
    end: String,
    /// From an end to the next start, the least of all.
    closed: SignedDuration,
}

impl Turns {
    fn of(window: &Window) -> Result<Self, NoEnd> {
        let written = window.written();
        let closed = shortest_rest(window).filter(SignedDuration::is_positive);
        window
            .end_cron()
            .zip(closed)
            .map(|(end, closed)| Self {
                start: written.start_cron.clone(),
                end,
                closed,
            })
            .ok_or_else(|| NoEnd {
                start: written.start_cron.clone(),
                minutes: written.duration_minutes,
            })
    }
}

/// From an end to the next start, the least of two weeks and of eight comings: there are no other ones
/// by days of the week, nor by those of a month.
fn shortest_rest(window: &Window) -> Option<SignedDuration> {
    let mut start = window.next_start(Timestamp::UNIX_EPOCH)?;
    let until = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(14 * 24);
    let mut shortest: Option<SignedDuration> = None;
    for count in 0.. {
        if count >= 8 && start > until {
            break;
        }
        let next = window.next_start(start)?;
        let rest = next.duration_since(start) - window.length();
        shortest = Some(shortest.map_or(rest, |it| it.min(rest)));
        start = next;
    }
    shortest
}

fn script(request: &Request<'_>, names: &Names) -> Item {
    Item {
        object: json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(request, names, &names.all),
            "data": { job::FILE: SCRIPT },
        }),
        about: "What the jobs run.",
        reasons: vec![],
    }
}

fn metadata(request: &Request<'_>, names: &Names, name: &str) -> Value {
    json!({
        "name": name,
        "namespace": request.namespace,
        "labels": labels(names),
        "annotations": {
            "stepscale.io/hpa": request.hpa,
            "stepscale.io/recommendation": request.recommendation,
        },
    })
}

/// The labels of all objects, by the last of which those of one HPA are found.
fn labels(names: &Names) -> Value {
    json!({
        "app.kubernetes.io/name": "stepscale-floor",
        "app.kubernetes.io/managed-by": "kubectl-stepscale",
        "app.kubernetes.io/version": env!("CARGO_PKG_VERSION"),
        names::LABEL: names.all,
    })
}

#[cfg(test)]
mod tests;
