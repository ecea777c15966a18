//! What to type next about an autoscaler.

use super::report::{Item, Outcome};

/// A command with what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) why: &'static str,
    pub(super) line: String,
}

/// Where a report comes from, and so where its commands read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    Cluster,
    /// A snapshot, as it was named. Nothing can be applied to it.
    Snapshot(String),
}

impl Place {
    /// The flag that reads the same place again; empty for the cluster of the kubeconfig.
    pub(super) fn flag(&self) -> String {
        match self {
            Self::Cluster => String::new(),
            Self::Snapshot(path) => format!(" --from {}", word(path)),
        }
    }
}

/// The commands that go on from here, the first one first.
pub(super) fn of(item: &Item, place: &Place) -> Vec<Command> {
    if let Some(line) = explain(item, place) {
        let why = "See all of it on one screen";
        return vec![Command { why, line }];
    }
    let command = |why, verb: &str, rest: &str| Command {
        why,
        line: line(verb, item, rest),
    };
    match item.outcome {
        Outcome::Recommended if item.is_open() => vec![
            command("See what would be written", "apply", " --dry-run=server"),
            command(
                "Put it in force, watched, and taken back if it does harm",
                "apply",
                "",
            ),
            command("Or as a patch, for Git", "apply", " -o patch"),
        ],
        Outcome::Recommended
        | Outcome::NoChange
        | Outcome::Withheld
        | Outcome::NotEnoughHistory
        | Outcome::Skipped
        | Outcome::Unreadable => {
            vec![command(
                "Look again, with all that is known",
                "analyze",
                " -o wide",
            )]
        }
    }
}

/// All that there is to be done about an autoscaler of a snapshot: to look at it closely. `None` where
/// the cluster itself was read.
pub(super) fn explain(item: &Item, place: &Place) -> Option<String> {
    match place {
        Place::Cluster => None,
        Place::Snapshot(_) => Some(line("explain", item, &place.flag())),
    }
}

/// `kubectl stepscale apply hpa/web -n shop`, with `rest` at its end.
pub(in crate::output) fn line(verb: &str, item: &Item, rest: &str) -> String {
    let name = word(&format!("{}/{}", item.kind.short(), item.name));
    let namespace = word(&item.namespace);
    format!("kubectl stepscale {verb} {name} -n {namespace}{rest}")
}

/// `text` as one word of a shell, whatever a cluster calls its objects.
pub(in crate::output) fn word(text: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-._/:".contains(it);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let kept = text.chars().filter(|it| !it.is_control());
    format!("'{}'", kept.collect::<String>().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::report::made_up;
    use super::*;

    #[test]
    fn what_is_recommended_is_looked_at_before_it_is_applied() {
        let report = made_up::report();
        let lines = |name: &str| -> Vec<String> {
            let item = report.items.iter().find(|it| it.name == name).unwrap();
            of(item, &Place::Cluster)
                .into_iter()
                .map(|it| it.line)
                .collect()
        };
        assert_eq!(
            lines("cart"),
            [
                "kubectl stepscale apply hpa/cart -n shop --dry-run=server",
                "kubectl stepscale apply hpa/cart -n shop",
                "kubectl stepscale apply hpa/cart -n shop -o patch",
            ]
        );
        assert_eq!(
            lines("web"),
            ["kubectl stepscale analyze hpa/web -n shop -o wide"]
        );
    }

    #[test]
    fn nothing_is_applied_to_a_snapshot() {
        let place = Place::Snapshot("my fleet.jsonl".to_owned());
        for item in &made_up::report().items {
            let lines: Vec<String> = of(item, &place).into_iter().map(|it| it.line).collect();
            let name = &item.name;
            let namespace = &item.namespace;
            let explain = format!(
                "kubectl stepscale explain hpa/{name} -n {namespace} --from 'my fleet.jsonl'"
            );
            assert_eq!(lines, [explain]);
        }
    }

    #[test]
    fn no_name_is_a_second_command() {
        assert_eq!(word("hpa/web-2.a"), "hpa/web-2.a");
        assert_eq!(word("a; rm -rf ~"), "'a; rm -rf ~'");
        assert_eq!(word("it's\n$(id)"), r"'it'\''s$(id)'");
        assert_eq!(word(""), "''");
    }
}
