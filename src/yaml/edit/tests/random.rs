//! Manifests in many styles, and edits anywhere in them.

use proptest::prelude::*;

use super::*;

/// How somebody writes YAML.
#[derive(Clone, Copy, Debug)]
struct Habits {
    step: usize,
    dashes_are_indented: bool,
    has_comments: bool,
    is_flow: bool,
    quotes: Option<char>,
    line_end: &'static str,
    has_last_line_end: bool,
    has_more_documents: bool,
}

fn habits() -> impl Strategy<Value = Habits> {
    let flags = prop::array::uniform6(any::<bool>());
    let quotes = prop::sample::select(vec![None, Some('\''), Some('"')]);
    (2..5_usize, quotes, flags).prop_map(|(step, quotes, flags)| Habits {
        step,
        dashes_are_indented: flags[0],
        has_comments: flags[1],
        is_flow: flags[2],
        quotes,
        line_end: if flags[3] { "\r\n" } else { "\n" },
        has_last_line_end: flags[4],
        has_more_documents: flags[5],
    })
}

impl Habits {
    fn manifest(self, spec: &Json) -> String {
        let mut lines = vec![
            "kind: HorizontalPodAutoscaler".to_owned(),
            "metadata: {name: web}".to_owned(),
        ];
        lines.extend(self.entry("spec", spec, 0));
        if self.has_more_documents {
            let mut others = vec!["# another".to_owned(), "a: &a [1, 2]".to_owned()];
            others.extend(["b: *a", "---"].map(str::to_owned));
            others.append(&mut lines);
            lines = others;
            lines.extend(["---", "kind: 'Other' # last"].map(str::to_owned));
        }
        let mut text = lines.join(self.line_end);
        if self.has_last_line_end {
            text.push_str(self.line_end);
        }
        text
    }

    fn entry(self, key: &str, value: &Json, depth: usize) -> Vec<String> {
        let comment = if self.has_comments { "  # of old" } else { "" };
        let is_deep = self.is_flow && depth > 0;
        if is_deep || value.is_null() || size(value) == 1 {
            return vec![format!("{key}: {}{comment}", self.inline(value))];
        }
        let indent = match value {
            Json::Array(_) if !self.dashes_are_indented => 0,
            _ => self.step,
        };
        let mut lines = vec![format!("{key}:{comment}")];
        if self.has_comments {
            lines.push(format!("{}# below", " ".repeat(indent)));
        }
        let below = self.block(value, depth + 1).into_iter();
        lines.extend(below.map(|it| format!("{}{it}", " ".repeat(indent))));
        lines
    }

    fn block(self, value: &Json, depth: usize) -> Vec<String> {
        match value {
            Json::Object(fields) if !fields.is_empty() => {
                let entries = fields.iter();
                entries
                    .flat_map(|(key, it)| self.entry(key, it, depth))
                    .collect()
            }
            Json::Array(items) if !items.is_empty() => {
                let lines = items.iter().flat_map(|it| {
                    let lines = self.block(it, depth).into_iter().enumerate();
                    lines.map(|(index, it)| format!("{}{it}", if index == 0 { "- " } else { "  " }))
                });
                lines.collect()
            }
            other => vec![self.inline(other)],
        }
    }

    fn inline(self, value: &Json) -> String {
        match value {
            Json::String(text) => match self.quotes {
                Some(quote) => format!("{quote}{text}{quote}"),
                None => text.clone(),
            },
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|it| self.inline(it)).collect();
                format!("[{}]", items.join(", "))
            }
            Json::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(key, it)| format!("{key}: {}", self.inline(it)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        }
    }
}

/// A value with words for strings, so that any habit of quoting fits.
fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "w[a-z]{1,6}".prop_map(Json::from),
        Just(Json::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("k[a-d]", inner, 0..4)
                .prop_map(|it| Json::Object(it.into_iter().collect())),
        ]
    })
}

fn spec() -> impl Strategy<Value = Json> {
    let fields = prop::collection::btree_map("k[a-d]", value(), 1..4);
    fields.prop_map(|it| Json::Object(it.into_iter().collect()))
}

/// Any text too, since what is written may be anything.
fn wanted() -> impl Strategy<Value = Json> {
    let words = prop::sample::select(vec![
        "on", "1_000", "", "0x1", "~", "a: b", "#", "- a", "y", "1e3",
    ]);
    prop_oneof![
        value(),
        words.prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        any::<f32>().prop_map(|it| json!(it)),
    ]
}

/// Every place of a value, as JSON pointers.
fn places(value: &Json, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Json::Array(items) => {
            for (index, it) in items.iter().enumerate() {
                places(it, &format!("{at}/{index}"), into);
            }
        }
        Json::Object(fields) => {
            into.push(format!("{at}/knew/kdeep"));
            fields
                .iter()
                .for_each(|(key, it)| places(it, &format!("{at}/{key}"), into));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn object() -> DocumentSelector {
    DocumentSelector {
        kind: "HorizontalPodAutoscaler".to_owned(),
        namespace: None,
        name: "web".to_owned(),
    }
}

/// How many lines of two texts are the same, counted from the start and from the end.
fn lines_from_both_ends<'t>(before: &'t str, after: &'t str) -> (usize, usize) {
    let (before, after): (Vec<_>, Vec<_>) =
        (before.split('\n').collect(), after.split('\n').collect());
    let same = |it: &(&&'t str, &&'t str)| it.0 == it.1;
    let start = before.iter().zip(&after).take_while(same).count();
    let end = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take_while(same)
        .count();
    (start, end)
}

proptest! {
    #[test]
    fn an_edit_is_all_that_changes(
        spec in spec(), habits in habits(), at in any::<prop::sample::Index>(), to in wanted(),
    ) {
        let text = habits.manifest(&spec);
        let mut paths = vec![];
        places(&spec, "/spec", &mut paths);
        let path = paths[at.index(paths.len())].clone();
        let edited = set(&text, &object(), &[edit(&path, to.clone())]);
        let edited = edited.map_err(|it| TestCaseError::fail(format!("{it}\n{text}")))?;
        let found = find(&edited, &object()).unwrap();
        let got = found.pointer(&path).cloned().unwrap_or_default();
        prop_assert_eq!(serde_yaml::to_value(&got).unwrap(), serde_yaml::to_value(&to).unwrap());
        // A scalar for a scalar touches one line.
        let is_scalar = spec_at(&spec, &path).is_some_and(|it| size(it) == 1 && !it.is_array() && !it.is_object());
        if is_scalar && size(&to) == 1 {
            let (start, end) = lines_from_both_ends(&text, &edited);
            prop_assert!(start + end + 1 >= text.split('\n').count(), "{}\n{}", text, edited);
            prop_assert_eq!(text.split('\n').count(), edited.split('\n').count());
        }
        prop_assert_eq!(text.ends_with('\n'), edited.ends_with('\n'));
        if habits.line_end == "\r\n" {
            prop_assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
        }
        // Once more changes nothing.
        prop_assert_eq!(set(&edited, &object(), &[edit(&path, to)]).unwrap(), edited);
    }

    #[test]
    fn new_keys_leave_every_line(spec in spec(), habits in habits(), to in wanted()) {
        let text = habits.manifest(&spec);
        let edited = set(&text, &object(), &[edit("/spec/knew", to)]).unwrap();
        let mut rest = edited.lines();
        for line in text.lines() {
            prop_assert!(rest.any(|it| it == line), "{}\n{}", line, edited);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[ \\-a:{}\\[\\]&*!|>'\"#,?\n\t%]{0,40}") {
        let text = format!("kind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n{text}\n");
        for to in [json!(1), json!(["on"]), json!({"a": {"b": null}})] {
            if let Ok(edited) = set(&text, &object(), &[edit("/spec/a", to.clone())]) {
                // A key may be one that JSON does not have.
                let (_, values) = read(&edited).unwrap();
                let wanted = serde_yaml::to_value(&to).unwrap();
                prop_assert_eq!(&values[0]["spec"]["a"], &wanted);
            }
        }
    }
}

fn spec_at<'v>(spec: &'v Json, path: &str) -> Option<&'v Json> {
    spec.pointer(path.strip_prefix("/spec")?)
}
