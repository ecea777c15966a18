//! What the status of an object says of its triggers, and how KEDA names the object to itself.

use std::collections::BTreeMap;

/// Which triggers are active, by the names of their metrics.
///
/// A pass of the loop tells of the triggers `named`; a push by a source, of the one in `pushed`
/// alone, beside what is `known`. Mirrors `getTriggersActivity`
/// (`pkg/scaling/executor/scale_executor.go`).
pub fn triggers_activity(
    named: &[&str],
    active: &[&str],
    pushed: Option<&str>,
    known: &BTreeMap<String, bool>,
) -> BTreeMap<String, bool> {
    let told = |name: &str| (name.to_owned(), active.contains(&name));
    match pushed {
        Some(name) => {
            let mut all = known.clone();
            all.extend([told(name)]);
            all
        }
        None => named.iter().map(|it| told(it)).collect(),
    }
}

/// The key under which KEDA remembers an object.
pub fn identifier(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind}.{namespace}.{name}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_forgets_triggers_that_are_gone_and_a_push_changes_one() {
        let known = BTreeMap::from([("a".to_owned(), true), ("old".to_owned(), true)]);
        let polled = triggers_activity(&["a", "b"], &["b"], None, &known);
        let expected = [("a", false), ("b", true)].map(|(name, it)| (name.to_owned(), it));
        assert_eq!(polled, BTreeMap::from(expected));
        let pushed = triggers_activity(&["a", "b"], &["b"], Some("b"), &known);
        let expected = [("a", true), ("b", true), ("old", true)];
        let expected = expected.map(|(name, it)| (name.to_owned(), it));
        assert_eq!(pushed, BTreeMap::from(expected));
    }

    #[test]
    fn an_identifier_has_lower_case_and_an_empty_part_stays() {
        assert_eq!(identifier("ScaledObject", "", "Name"), "scaledobject..name");
    }
}
