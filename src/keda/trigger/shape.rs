//! The shapes that texts of triggers must have where KEDA takes them apart.

/// A shape and what to call it in a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// After "is not".
    pub(super) wanted: &'static str,
    pub(super) has: fn(&str) -> bool,
}

/// What Go's `url.ParseRequestURI` takes.
pub(super) const REQUEST_URI: Shape = Shape {
    wanted: "a URL; write http://host/path",
    has: is_request_uri,
};

/// What Go's `regexp.Compile` takes.
pub(super) const REGEX: Shape = Shape {
    wanted: "a regular expression",
    has: is_regex,
};

/// A boolean that KEDA keeps as a text.
pub(super) const BOOLEAN: Shape = Shape {
    wanted: "true or false",
    has: |it| super::text::boolean(it).is_some(),
};

/// What Kubernetes' `labels.Parse` takes.
pub(super) const SELECTOR: Shape = Shape {
    wanted: "a label selector; write app=web,tier in (a,b)",
    has: is_selector,
};

/// The scheme of a URL, in lower case as Go has it; nothing if there is none.
pub(super) fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let mut letters = scheme.chars();
    let begins = letters.next().is_some_and(|it| it.is_ascii_alphabetic());
    let is_scheme = letters.all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it));
    (begins && is_scheme).then(|| scheme.to_ascii_lowercase())
}

/// The path of what `url.ParseRequestURI` takes, its escapes read; empty for `mailto:x`, nothing for
/// what is no URL.
pub(super) fn path(text: &str) -> Option<String> {
    if text.chars().any(|it| it.is_ascii_control()) {
        return None;
    }
    let scheme = scheme(text);
    let rest = scheme.as_ref().map_or(text, |it| &text[it.len() + 1..]);
    let rest = rest.split_once('?').map_or(rest, |it| it.0);
    if !rest.starts_with('/') {
        return scheme.map(|_| String::new());
    }
    let path = match rest.strip_prefix("//").filter(|_| scheme.is_some()) {
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            is_authority(host).then_some(path)?
        }
        None => rest,
    };
    unescaped(path)
}

fn is_request_uri(text: &str) -> bool {
    path(text).is_some()
}

/// A host with at most a login before it and a port behind it.
fn is_authority(text: &str) -> bool {
    let host = text.rsplit_once('@').map_or(text, |it| it.1);
    let port = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((_, port)) => port.strip_prefix(':').unwrap_or(port),
            None => return false,
        },
        None => host.split_once(':').map_or("", |it| it.1),
    };
    let is_host = !host.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}']);
    is_host && port.bytes().all(|it| it.is_ascii_digit())
}

/// The text with `%41` read as `A`; nothing if a sign `%` is without its two digits.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let digits = part.get(..2)?;
        if !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Go knows classes of Unicode, literal text and more that are not read here: what has them passes.
fn is_regex(text: &str) -> bool {
    let is_beyond = ["\\p", "\\P", "\\Q", "\\C", "[[:"]
        .iter()
        .any(|it| text.contains(it));
    is_beyond || regex_lite::Regex::new(text).is_ok()
}

/// Requirements with commas between: `key`, `!key`, `key=value`, `key in (a,b)`, `key>1`. Keys and
/// values are checked by their letters only, so that nothing right is refused.
fn is_selector(text: &str) -> bool {
    let mut depth = 0_i32;
    let requirements = text.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    requirements.into_iter().all(|it| is_requirement(it.trim()))
}

fn is_requirement(text: &str) -> bool {
    if let Some((left, rest)) = text.split_once('(') {
        let words: Vec<&str> = left.split_whitespace().collect();
        let is_set = matches!(words[..], [key, "in" | "notin"] if is_label(key));
        let values = rest.strip_suffix(')');
        return is_set && values.is_some_and(|it| it.split(',').all(|it| is_label(it.trim())));
    }
    let signs = ["!=", "==", "=", ">", "<"];
    let split = signs.iter().find_map(|it| text.split_once(it));
    match split {
        Some((key, value)) => {
            let (key, value) = (key.trim(), value.trim());
            !key.is_empty() && is_label(key) && is_label(value)
        }
        None => is_label(text.strip_prefix('!').unwrap_or(text).trim()),
    }
}

/// The letters of keys and values of labels; an empty value is one, too.
fn is_label(text: &str) -> bool {
    let is_letter = |it: u8| it.is_ascii_alphanumeric() || b"-_./".contains(&it);
    text.bytes().all(is_letter)
}

/// Whether there are that many parts with a separator between.
pub(super) fn has_parts(text: &str, separator: char, count: usize) -> bool {
    text.split(separator).count() == count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_are_those_of_go() {
        let table = [
            ("https://sqs.eu.amazonaws.com/1/q?x=/y", Some("/1/q")),
            ("https://sqs", Some("")),
            ("/a/b%2Fc", Some("/a/b/c")),
            ("localhost:8080", Some("")),
            ("queue", None),
            ("queue/x", None),
            ("http://host:port/", None),
            ("http://u:p@[::1]:80/x", Some("/x")),
            ("http://h/%2", None),
            ("http://h/\n", None),
            ("//h/x", Some("//h/x")),
            (":x", None),
        ];
        for (text, expected) in table {
            assert_eq!(path(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_scheme_begins_with_a_letter() {
        assert_eq!(scheme("AMQP://h").as_deref(), Some("amqp"));
        assert_eq!(scheme("1a:x"), None);
        assert_eq!(scheme("host"), None);
    }

    #[test]
    fn selectors_are_those_of_kubernetes() {
        for right in [
            "a=b",
            "a.b/c!=d, e",
            "!a",
            "a in (b, c),d notin (e)",
            "a==",
            "a>1",
            "",
        ] {
            assert!(is_selector(right), "{right}");
        }
        for wrong in [
            "a=b=c",
            "a=b=c(",
            "a in (b",
            "a within (b)",
            "a b",
            "=b",
            "a={b}",
        ] {
            assert!(!is_selector(wrong), "{wrong}");
        }
    }

    #[test]
    fn expressions_that_cannot_be_judged_pass() {
        assert!(is_regex("^a.*$") && is_regex("\\p{Greek}") && !is_regex("("));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (path(&text), scheme(&text), is_regex(&text), is_selector(&text));
        }
    }
}
