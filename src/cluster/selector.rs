//! Label selectors as the API machinery evaluates them, in both of their spellings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// `matchLabels` and `matchExpressions`, as manifests carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_labels: Option<Labels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_expressions: Option<Vec<Expression>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expression {
    pub key: String,
    pub operator: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// A selector ready to match. One without requirements matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    /// Holds for objects without the label too.
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// `None` where an operator is not one of the API's.
    pub fn from_object(selector: &LabelSelector) -> Option<Self> {
        let labels = selector.match_labels.iter().flatten();
        let mut requirements: Vec<Requirement> = labels
            .map(|(key, value)| Requirement {
                key: key.clone(),
                test: Test::In(vec![value.clone()]),
            })
            .collect();
        for expression in selector.match_expressions.iter().flatten() {
            requirements.push(requirement(expression)?);
        }
        Some(Self { requirements })
    }

    /// Reads the form of a scale subresource: `app=web,tier in (a, b),!canary`. `None` where it
    /// is none.
    pub fn from_text(text: &str) -> Option<Self> {
        let requirements: Option<Vec<_>> = parts(text).into_iter().map(parse_part).collect();
        requirements.map(|requirements| Self { requirements })
    }

    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|it| it.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match &self.test {
            Test::In(values) => value.is_some_and(|it| values.contains(it)),
            Test::NotIn(values) => value.is_none_or(|it| !values.contains(it)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
        }
    }
}

fn requirement(expression: &Expression) -> Option<Requirement> {
    let values = expression.values.clone().unwrap_or_default();
    let test = match expression.operator.as_str() {
        "In" => Test::In(values),
        "NotIn" => Test::NotIn(values),
        "Exists" => Test::Exists,
        "DoesNotExist" => Test::DoesNotExist,
        _ => return None,
    };
    Some(Requirement {
        key: expression.key.clone(),
        test,
    })
}

/// Splits at commas outside parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut inside = false;
    let split = text.split(move |c: char| {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            _ => {}
        }
        c == ',' && !inside
    });
    split.map(str::trim).filter(|it| !it.is_empty()).collect()
}

fn parse_part(part: &str) -> Option<Requirement> {
    let (key, test) = if let Some(key) = part.strip_prefix('!') {
        (key, Test::DoesNotExist)
    } else if let Some((key, set)) = part.split_once(" notin ") {
        (key, Test::NotIn(parse_set(set)?))
    } else if let Some((key, set)) = part.split_once(" in ") {
        (key, Test::In(parse_set(set)?))
    } else if let Some((key, value)) = part.split_once("!=") {
        (key, Test::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        (key, Test::In(vec![value.trim().to_owned()]))
    } else {
        (part, Test::Exists)
    };
    let key = key.trim();
    let values = match &test {
        Test::In(values) | Test::NotIn(values) => values.as_slice(),
        Test::Exists | Test::DoesNotExist => &[],
    };
    let plausible = !key.is_empty() && is_spelled_with(key, "-_./");
    let plausible = plausible && values.iter().all(|it| is_spelled_with(it, "-_."));
    plausible.then(|| Requirement {
        key: key.to_owned(),
        test,
    })
}

/// Whether `word` has only letters, digits and `others`, as the API demands of labels.
fn is_spelled_with(word: &str, others: &str) -> bool {
    word.chars()
        .all(|it| it.is_ascii_alphanumeric() || others.contains(it))
}

fn parse_set(set: &str) -> Option<Vec<String>> {
    let inner = set.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').map(|it| it.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn both_spellings_match_alike() {
        let object: LabelSelector = serde_json::from_value(json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "track", "operator": "NotIn", "values": ["canary"]},
                {"key": "zone", "operator": "Exists"},
                {"key": "legacy", "operator": "DoesNotExist"},
            ],
        }))
        .unwrap();
        let object = Selector::from_object(&object).unwrap();
        let text = "app=web,tier in (a, b),track notin (canary), zone,!legacy";
        assert_eq!(Selector::from_text(text), Some(object.clone()));
        let base = [("app", "web"), ("tier", "b"), ("zone", "1")];
        let cases: [(&[(&str, &str)], bool); 6] = [
            (&[], true),
            (&[("app", "api")], false),
            (&[("tier", "c")], false),
            (&[("track", "stable")], true),
            (&[("track", "canary")], false),
            (&[("legacy", "")], false),
        ];
        for (changes, expected) in cases {
            let mut all = labels(&base);
            all.extend(labels(changes));
            assert_eq!(object.matches(&all), expected, "{changes:?}");
        }
        assert!(!object.matches(&labels(&[("app", "web"), ("tier", "b")])));
    }

    #[test]
    fn equality_has_three_spellings() {
        let web = labels(&[("app", "web")]);
        for (text, expected) in [
            ("app=web", true),
            ("app == web", true),
            ("app!=web", false),
            ("other!=web", true),
            ("", true),
        ] {
            let selector = Selector::from_text(text).unwrap();
            assert_eq!(selector.matches(&web), expected, "{text}");
        }
    }

    #[test]
    fn an_empty_selector_matches_everything() {
        let all = Selector::from_object(&LabelSelector::default()).unwrap();
        assert!(all.matches(&Labels::new()));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in [
            "app in web",
            "=web",
            "!",
            "cpu > 3",
            "a b",
            "a==b==c",
            "a=b c",
            "tier in (",
            "tier in (a, b",
            "a=(b)",
        ] {
            assert_eq!(Selector::from_text(text), None, "{text}");
        }
        let odd = json!({"matchExpressions": [{"key": "a", "operator": "Near"}]});
        let odd: LabelSelector = serde_json::from_value(odd).unwrap();
        assert_eq!(Selector::from_object(&odd), None);
    }
}
