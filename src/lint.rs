//! Checks of autoscalers as they are written, which need no history: what an API server, KEDA's
//! webhook or KEDA itself would refuse, and what works in another way than it looks.
//!
//! [`lint`] takes objects as JSON, each other's surroundings, and gives diagnostics; files, lines
//! and the cluster are for whoever calls it. [`code::Code`] is the table of everything that can be
//! found. What is not among the objects is taken to be right, unless [`Seen`] says that all there
//! is was given.

mod annotations;
mod authentication;
pub mod code;
mod cron;
mod found;
mod hpa;
mod modifiers;
pub mod query;
mod scaled_job;
mod scaled_object;
mod schema;
mod trigger;
mod webhook;
mod workload;
mod world;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

pub use code::Code;
pub use found::{Diagnostic, Severity};
pub use world::ObjectId;

use crate::keda::admission::Kinds;
use crate::keda::objects::FieldPath;
use found::Findings;
use world::World;

/// The annotation that names codes which are not to be told of its object, with commas between.
pub const IGNORE: &str = "stepscale.io/lint-ignore";

/// What is known beside the objects.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Of objects that name none.
    pub namespace: String,
    pub now: Timestamp,
    pub seen: Seen,
    pub kinds: Kinds,
    /// Codes that are not to be told at all.
    pub disabled: BTreeSet<Code>,
}

/// Of which kinds everything in the namespaces of the objects is among them; of files, nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The objects are those of a cluster.
    pub is_cluster: bool,
    pub workloads: bool,
    pub limit_ranges: bool,
    pub authentications: bool,
    /// Every ScaledObject and ScaledJob of the cluster, of all namespaces.
    pub all_namespaces: bool,
}

/// Everything that is wrong with some objects, in their order and by field.
pub fn lint(objects: &[Value], setting: &Setting) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    let world = World::of(objects, setting, &mut findings);
    for item in &world.items {
        schema::check(item, &mut findings);
        webhook::check(item, &world, &mut findings);
        annotations::check(item, &world, &mut findings);
        scaled_object::check(item, &world, &mut findings);
        scaled_job::check(item, &world, &mut findings);
        hpa::check(item, &world, &mut findings);
        workload::check(item, &world, &mut findings);
    }
    let used = trigger::check(&world, &mut findings);
    authentication::check(&world, &used, &mut findings);
    let mut all = findings.all;
    all.retain(|it| !setting.disabled.contains(&it.code));
    let ignored: Vec<BTreeSet<Code>> = objects.iter().map(ignored).collect();
    all.retain(|it| !ignored[it.object].contains(&it.code));
    all.sort_by(|a, b| (a.object, &a.path, a.code).cmp(&(b.object, &b.path, b.code)));
    all.dedup();
    all
}

/// The codes that an object wants not to be told of.
fn ignored(object: &Value) -> BTreeSet<Code> {
    ignored_words(object).filter_map(Code::named).collect()
}

fn ignored_words(object: &Value) -> impl Iterator<Item = &str> {
    let path = FieldPath::of("metadata.annotations").key(IGNORE);
    let text = object.pointer(&path.pointer()).and_then(Value::as_str);
    let words = text.into_iter().flat_map(|it| it.split(','));
    words.map(str::trim).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests;
