//! What of a snapshot the demo goes without.

use std::collections::BTreeMap;

use crate::autoscaler::target::TargetRef;

/// As many names as a line takes.
const MOST_NAMES: usize = 3;

/// What there is no place for in a demo.
#[derive(Debug, Default)]
pub(super) struct LeftOut<'a> {
    /// Objects, by kinds that are not served.
    pub(super) kinds: BTreeMap<String, usize>,
    /// Targets whose past cannot be read, and why.
    pub(super) unread: &'a [(TargetRef, String)],
    /// Targets with a past that nothing runs.
    pub(super) not_run: &'a [TargetRef],
}

impl LeftOut<'_> {
    /// The line that says so; `None` if there is nothing to say.
    pub(super) fn line(&self) -> Option<String> {
        let parts: Vec<String> = [self.of_kinds(), self.of_unread(), self.of_not_run()]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| format!("the demo leaves out {}", parts.join("; ")))
    }

    fn of_kinds(&self) -> Option<String> {
        let count = self.kinds.values().sum();
        let names = self.kinds.iter().map(|(kind, count)| match count {
            1 => kind.clone(),
            count => format!("{count} {kind}"),
        });
        let objects = counted(count, "object")?;
        let names = first(names.collect());
        Some(format!(
            "{objects} of kinds that it does not serve: {names}"
        ))
    }

    fn of_unread(&self) -> Option<String> {
        let workloads = counted(self.unread.len(), "workload")?;
        let names = self.unread.iter();
        let names = names.map(|(target, why)| format!("{}, {why}", named(target)));
        let names = first(names.collect());
        Some(format!(
            "the past of {workloads} that cannot be read: {names}"
        ))
    }

    fn of_not_run(&self) -> Option<String> {
        let workloads = counted(self.not_run.len(), "workload")?;
        let names = first(self.not_run.iter().map(named).collect());
        Some(format!(
            "the load of {workloads} that it cannot run: {names}"
        ))
    }
}

fn named(target: &TargetRef) -> String {
    format!("{target} in {}", target.namespace)
}

/// `2 objects`; `None` for none.
fn counted(count: usize, what: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        more => Some(format!("{more} {what}s")),
    }
}

fn first(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> TargetRef {
        TargetRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            kind: "Rollout".to_owned(),
        }
    }

    #[test]
    fn one_line_counts_and_names() {
        assert_eq!(LeftOut::default().line(), None);
        let kinds = [("Rollout.argoproj.io", 1), ("Widget.a", 2)]
            .into_iter()
            .chain([("Widget.b", 1), ("Widget.c", 1), ("Widget.d", 1)]);
        let unread = [(target("web"), "it ends too early".to_owned())];
        let left_out = LeftOut {
            kinds: kinds.map(|(kind, it)| (kind.to_owned(), it)).collect(),
            unread: &unread,
            not_run: &[target("api"), target("web")],
        };
        assert_eq!(
            left_out.line().unwrap(),
            "the demo leaves out 6 objects of kinds that it does not serve: Rollout.argoproj.io, \
             2 Widget.a, Widget.b, and 2 more; the past of 1 workload that cannot be read: \
             Rollout/web in shop, it ends too early; the load of 2 workloads that it cannot run: \
             Rollout/api in shop, Rollout/web in shop"
        );
    }
}
