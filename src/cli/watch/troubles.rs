//! What a tick could not read: told when it begins, when its reason changes, and when it is over. A
//! log of months has each once, and a permission that is missing by its name.

use std::collections::BTreeMap;

use crate::cluster::Stale;
use crate::error;
use crate::fleet::{Fleet, NoWorkload, Permission, Unread};
use crate::metrics::Warning;

/// What is known of the troubles of the last tick.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles(BTreeMap<About, Trouble>);

/// What trouble is about. A permission that several things lack is one trouble.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Missing(Permission),
    /// `pods in namespace shop`.
    Part(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Trouble {
    /// The line of the log.
    text: String,
    hint: Option<String>,
}

/// What the log is told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Begun(Trouble),
    Over(String),
}

impl Troubles {
    /// Tells what is other than after the last tick.
    pub(super) fn tell(&mut self, fleet: &Fleet, warnings: &[Warning], stale: Vec<Stale>) {
        self.log(found(fleet, warnings, stale));
    }

    /// The same of lists beside the fleet.
    pub(super) fn tell_lists(&mut self, unread: Vec<Unread>, stale: Vec<Stale>) {
        self.log(of_rows(unread.into_iter(), stale));
    }

    fn log(&mut self, found: BTreeMap<About, Trouble>) {
        for line in self.changes(found) {
            match line {
                Line::Begun(Trouble { text, hint }) => tracing::warn!(hint, "{text}"),
                Line::Over(what) => tracing::info!("no longer: {what}"),
            }
        }
    }

    fn changes(&mut self, now: BTreeMap<About, Trouble>) -> Vec<Line> {
        let before = std::mem::replace(&mut self.0, now);
        let over = before
            .iter()
            .filter(|(about, _)| !self.0.contains_key(about));
        let over = over.map(|(about, _)| Line::Over(about.to_string()));
        let begun = self
            .0
            .iter()
            .filter(|(about, it)| before.get(about) != Some(it));
        let begun = begun.map(|(_, it)| Line::Begun(it.clone()));
        over.chain(begun).collect()
    }
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(permission) => permission.fmt(f),
            Self::Part(what) => write!(f, "trouble with {what}"),
        }
    }
}

/// All that a tick came upon.
fn found(fleet: &Fleet, warnings: &[Warning], stale: Vec<Stale>) -> BTreeMap<About, Trouble> {
    let unread = fleet.unread.iter().cloned().chain(targets(fleet));
    let mut found = of_rows(unread, stale);
    for warning in warnings {
        let text = format!("{}: {warning}", warning.about);
        found.insert(About::Part(text.clone()), Trouble { text, hint: None });
    }
    found
}

fn of_rows(unread: impl Iterator<Item = Unread>, stale: Vec<Stale>) -> BTreeMap<About, Trouble> {
    let mut found = BTreeMap::new();
    let stale = stale.into_iter().map(|it| ("may be out of date", it.row));
    let unread = unread.map(|it| ("cannot be read", it));
    // The first of those that lack the same counts.
    for (fate, row) in unread.chain(stale) {
        let (about, trouble) = of_row(fate, row);
        found.entry(about).or_insert(trouble);
    }
    found
}

/// Scale targets of which nothing is known. That one is missing, or cannot be scaled, is a finding.
fn targets(fleet: &Fleet) -> impl Iterator<Item = Unread> {
    fleet.subjects.iter().filter_map(|it| {
        let (why, permission) = match &it.workload {
            Ok(_) | Err(NoWorkload::Missing | NoWorkload::NotScalable { .. }) => return None,
            Err(NoWorkload::Forbidden(missing)) => (missing.to_string(), Some(missing.clone())),
            Err(NoWorkload::Failed { why }) => (why.clone(), None),
        };
        let what = format!("the target of {}", it.autoscaler.id);
        Some(Unread {
            what,
            why,
            permission,
        })
    })
}

fn of_row(fate: &str, row: Unread) -> (About, Trouble) {
    let Unread {
        what,
        why,
        permission,
    } = row;
    let hint = permission.as_ref().map(error::missing_hint);
    let why = match &permission {
        // The server's words tell who may not.
        Some(missing) if why != missing.to_string() => format!("{missing}: {why}"),
        Some(_) | None => why,
    };
    let text = format!("{what} {fate}: {why}");
    let about = permission.map_or(About::Part(what), About::Missing);
    (about, Trouble { text, hint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Topic;

    fn row(what: &str, verb: Option<&str>) -> Unread {
        Unread {
            what: what.to_owned(),
            why: "forbidden".to_owned(),
            permission: verb.map(|verb| Permission {
                verb: verb.to_owned(),
                resource: "pods".to_owned(),
                namespace: Some("shop".to_owned()),
            }),
        }
    }

    fn of(rows: &[Unread]) -> BTreeMap<About, Trouble> {
        rows.iter()
            .map(|it| of_row("cannot be read", it.clone()))
            .collect()
    }

    #[test]
    fn each_is_told_once_and_when_it_is_over() {
        let mut troubles = Troubles::default();
        let rows = [
            row("pods in namespace shop", Some("list")),
            row("history", None),
        ];
        let begun = troubles.changes(of(&rows));
        let Some(Line::Begun(first)) = begun.first() else {
            panic!("{begun:?}");
        };
        assert_eq!(
            first.text,
            "pods in namespace shop cannot be read: may not list pods in namespace shop: forbidden"
        );
        let hint = first.hint.as_deref().unwrap();
        assert!(
            hint.contains("kubectl create role stepscale --verb=list"),
            "{hint}"
        );
        assert!(
            hint.contains("kubectl auth can-i list pods -n shop"),
            "{hint}"
        );
        assert_eq!(begun.len(), 2);
        assert_eq!(troubles.changes(of(&rows)), []);

        let mut other = row("history", None);
        other.why = "no answer".to_owned();
        let changed = troubles.changes(of(&[other]));
        let over = "may not list pods in namespace shop".to_owned();
        assert_eq!(changed[0], Line::Over(over));
        assert!(matches!(&changed[1], Line::Begun(it) if it.text.ends_with("no answer")));
        assert_eq!(changed.len(), 2);
        let over = Line::Over("trouble with history".to_owned());
        assert_eq!(troubles.changes(BTreeMap::new()), [over]);
    }

    #[test]
    fn a_warning_is_told_by_what_it_is_about() {
        let warnings = [
            Warning::from("no samples".to_owned()),
            Warning::of(
                Topic::Prices,
                "no prices from OpenCost: no answer".to_owned(),
            ),
            Warning::of(
                Topic::SecondOpinions,
                "no second opinion from a model".to_owned(),
            ),
        ];
        let fleet = Fleet::default();
        let lines: Vec<String> = found(&fleet, &warnings, vec![])
            .into_values()
            .map(|it| it.text)
            .collect();
        let expected = [
            "history: no samples",
            "prices: no prices from OpenCost: no answer",
            "second opinions: no second opinion from a model",
        ];
        for line in expected {
            assert!(lines.iter().any(|it| it == line), "{line}: {lines:?}");
        }
    }

    #[test]
    fn a_permission_that_several_things_lack_is_one_trouble() {
        let rows = [
            row("pods", Some("list")),
            row("the target of web", Some("list")),
        ];
        assert_eq!(of(&rows).len(), 1);
        let rows = [row("pods", Some("list")), row("pods", Some("watch"))];
        assert_eq!(of(&rows).len(), 2);
    }
}
