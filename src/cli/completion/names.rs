//! Names of objects as they may be typed: `hpa/web`, `web`, or `web` after `hpa`.

use clap_complete::engine::CompletionCandidate;

/// An object that could be meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    /// Every way to write its kind, the shortest first.
    pub(super) kinds: &'static [&'static str],
    pub(super) name: String,
    /// What distinguishes it, for people; empty for nothing.
    pub(super) help: String,
    /// Whether it is offered only to those who have typed its kind: it has another name.
    pub(super) is_alias: bool,
}

/// Those that the current word may become, by kind and name. What was named already is not offered
/// again.
pub(super) fn candidates(
    mut found: Vec<Object>,
    typed: &[String],
    current: &str,
) -> Vec<CompletionCandidate> {
    found.sort();
    found.dedup_by(|a, b| (a.kinds, &a.name) == (b.kinds, &b.name));
    let leading = typed.first().filter(|it| !it.contains('/'));
    let leading = leading.filter(|it| found.iter().any(|object| object.is_of(it)));
    let mut all = vec![];
    for object in &found {
        let word = match (leading, current.split_once('/')) {
            (Some(kind), _) if object.is_of(kind) => object.name.clone(),
            (Some(_), _) => continue,
            // In the spelling that was chosen.
            (None, Some((kind, _))) if object.is_of(kind) => format!("{kind}/{}", object.name),
            (None, None) if object.is_alias => continue,
            (None, Some(_)) => continue,
            (None, None) => object.written(current),
        };
        if word.starts_with(current) && !typed.contains(&word) {
            let help = Some(object.help.clone()).filter(|it| !it.is_empty());
            all.push(CompletionCandidate::new(word).help(help.map(Into::into)));
        }
    }
    all
}

impl Object {
    fn is_of(&self, kind: &str) -> bool {
        let kind = kind.to_ascii_lowercase();
        self.kinds.contains(&kind.as_str())
    }

    /// With its kind, unless somebody has begun with the name.
    fn written(&self, current: &str) -> String {
        let whole = format!("{}/{}", self.kinds[0], self.name);
        match whole.starts_with(current) {
            true => whole,
            false => self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kinds: &'static [&'static str], name: &str) -> Object {
        Object {
            kinds,
            name: name.to_owned(),
            help: String::new(),
            is_alias: name == "other",
        }
    }

    fn offered(typed: &str, current: &str) -> Vec<String> {
        const HPA: &[&str] = &["hpa", "horizontalpodautoscaler"];
        const SO: &[&str] = &["so", "scaledobject"];
        let found = vec![
            object(SO, "orders"),
            object(HPA, "web"),
            object(HPA, "api"),
            object(HPA, "web"),
            object(SO, "other"),
        ];
        let typed: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
        let all = candidates(found, &typed, current);
        all.iter()
            .map(|it| it.get_value().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn names_are_offered_the_ways_that_they_may_be_typed() {
        let cases: [(&str, &str, &[&str]); 10] = [
            ("", "", &["hpa/api", "hpa/web", "so/orders"]),
            ("", "h", &["hpa/api", "hpa/web"]),
            ("", "hpa/w", &["hpa/web"]),
            ("", "w", &["web"]),
            ("", "ScaledObject/or", &["ScaledObject/orders"]),
            ("", "so/", &["so/orders", "so/other"]),
            ("", "deploy/", &[]),
            ("hpa", "", &["api", "web"]),
            ("hpa/web", "", &["hpa/api", "so/orders"]),
            ("scaledobject orders", "", &["other"]),
        ];
        for (typed, current, expected) in cases {
            assert_eq!(offered(typed, current), expected, "{typed} {current}");
        }
    }
}
