//! What names, keys and label values may be made of, with the messages for those that are not
//! (`k8s.io/apimachinery/pkg/util/validation`, v1.36).

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
     or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
     regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
     characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
     'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const OLD_LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or \
     '-', start with an alphabetic character, and end with an alphanumeric character (e.g. \
     'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start \
     and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex \
     used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
     '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
     'my_value',  or '12345', regex used for validation is \
     '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or \
     '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
     '[-._a-zA-Z0-9]+')";

/// A domain such as `example.com`.
pub(crate) fn subdomain(name: &str) -> Vec<String> {
    let mut found = at_most(name, 253, "characters");
    if !name.split('.').all(is_label) {
        found.push(SUBDOMAIN.to_owned());
    }
    found
}

/// One part of a domain.
pub(crate) fn label(name: &str) -> Vec<String> {
    let mut found = at_most(name, 63, "characters");
    if !is_label(name) {
        // Only where the dots are all that is wrong.
        let is_domain = subdomain(name).is_empty();
        found.push(if is_domain {
            "must not contain dots".to_owned()
        } else {
            LABEL.to_owned()
        });
    }
    found
}

/// One part of a domain that starts with a letter.
pub(crate) fn old_label(name: &str) -> Vec<String> {
    let mut found = at_most(name, 63, "characters");
    if !(is_label(name) && name.starts_with(|it: char| it.is_ascii_lowercase())) {
        found.push(OLD_LABEL.to_owned());
    }
    found
}

/// A name that is part of a URL's path.
pub(crate) fn path_segment(name: &str) -> Vec<String> {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    let held = ["/", "%"].into_iter().filter(|it| name.contains(it));
    held.map(|it| format!("may not contain '{it}'")).collect()
}

/// A key such as `example.com/name`, as labels have them.
pub(crate) fn qualified(name: &str) -> Vec<String> {
    let parts: Vec<&str> = name.split('/').collect();
    let (prefix, name) = match parts.as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            return vec![format!(
                "a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' \
                 (e.g. 'example.com/MyName')"
            )];
        }
    };
    let mut found = prefix.map(prefix_part).unwrap_or_default();
    found.extend(name_part(name));
    found
}

fn prefix_part(prefix: &str) -> Vec<String> {
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".to_owned()];
    }
    let found = subdomain(prefix).into_iter();
    found.map(|it| format!("prefix part {it}")).collect()
}

fn name_part(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if name.is_empty() {
        found.push("must be non-empty".to_owned());
    }
    found.extend(at_most(name, 63, "bytes"));
    if !is_word(name) {
        found.push(QUALIFIED.to_owned());
    }
    let found = found.into_iter();
    found.map(|it| format!("name part {it}")).collect()
}

pub(crate) fn label_value(value: &str) -> Vec<String> {
    let mut found = at_most(value, 63, "bytes");
    if !(value.is_empty() || is_word(value)) {
        found.push(VALUE.to_owned());
    }
    found
}

/// A key of a ConfigMap or a Secret.
pub(crate) fn config_key(key: &str) -> Vec<String> {
    let mut found = at_most(key, 253, "characters");
    let fits = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if key.is_empty() || !key.chars().all(fits) {
        found.push(CONFIG_KEY.to_owned());
    } else if key == "." {
        found.push("must not be '.'".to_owned());
    } else if key == ".." {
        found.push("must not be '..'".to_owned());
    } else if key.starts_with("..") {
        found.push("must not start with '..'".to_owned());
    }
    found
}

/// The name of an environment variable: anything printable but `=`.
pub(crate) fn variable(name: &str) -> Vec<String> {
    let fits = |it: char| matches!(it, ' '..='~') && it != '=';
    if !name.is_empty() && name.chars().all(fits) {
        return Vec::new();
    }
    vec![
        "a valid environment variable name must consist only of printable ASCII characters other \
         than '='"
            .to_owned(),
    ]
}

/// The name of a port, such as `http`.
pub(crate) fn port_name(name: &str) -> Vec<String> {
    let mut found = at_most(name, 15, "characters");
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    if !name.chars().all(fits) {
        let text = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        found.push(text.to_owned());
    }
    if !name.contains(|it: char| it.is_ascii_lowercase()) {
        found.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        found.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        found.push("must not begin or end with a hyphen".to_owned());
    }
    found
}

/// What a generated name begins with, as it is checked in place of the name: trailing dashes are
/// followed by something else.
pub(crate) fn masked(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => prefix.to_owned(),
    }
}

fn at_most(name: &str, most: usize, unit: &str) -> Vec<String> {
    let is_longer = name.len() > most;
    let message = || format!("must be no more than {most} {unit}");
    is_longer.then(message).into_iter().collect()
}

fn is_label(name: &str) -> bool {
    let is_end = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    name.chars().all(|it| is_end(it) || it == '-')
        && name.starts_with(is_end)
        && name.ends_with(is_end)
}

fn is_word(name: &str) -> bool {
    let is_end = |it: char| it.is_ascii_alphanumeric();
    name.chars().all(|it| is_end(it) || "-_.".contains(it))
        && name.starts_with(is_end)
        && name.ends_with(is_end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn good_names_pass() {
        for name in ["a", "a-b.c1", "1"] {
            assert_eq!(subdomain(name), Vec::<String>::new(), "{name}");
        }
        for key in ["a", "A_b.c", "example.com/A"] {
            assert_eq!(qualified(key), Vec::<String>::new(), "{key}");
        }
        assert!(label("web-1").is_empty() && old_label("web").is_empty());
        assert!(label_value("").is_empty() && config_key("..").len() == 1);
        assert!(variable("a b").is_empty() && port_name("http").is_empty());
    }

    #[test]
    fn a_prefix_may_end_in_a_dash() {
        assert_eq!(masked("web-"), "weba");
        assert_eq!(masked("-"), "-");
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            for check in [subdomain, label, old_label, qualified, label_value, config_key,
                variable, port_name, path_segment]
            {
                check(&text);
            }
            masked(&text);
        }
    }
}
