//! What to type next about an autoscaler.

use super::report::{Item, Outcome};

/// A command with what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) why: &'static str,
    pub(super) line: String,
}

/// The commands that go on from here, the first one first.
pub(super) fn of(item: &Item) -> Vec<Command> {
    let command = |why, verb: &str, rest: &str| Command {
        why,
        line: line(verb, item, rest),
    };
    match item.outcome {
        Outcome::Recommended => vec![
            command("See what would be written", "apply", " --dry-run=server"),
            command(
                "Put it in force, watched, and taken back if it does harm",
                "apply",
                "",
            ),
            command("Or as a patch, for Git", "apply", " -o patch"),
        ],
        Outcome::NoChange
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
            of(item).into_iter().map(|it| it.line).collect()
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
    fn no_name_is_a_second_command() {
        assert_eq!(word("hpa/web-2.a"), "hpa/web-2.a");
        assert_eq!(word("a; rm -rf ~"), "'a; rm -rf ~'");
        assert_eq!(word("it's\n$(id)"), r"'it'\''s$(id)'");
        assert_eq!(word(""), "''");
    }
}
