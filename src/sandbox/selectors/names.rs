//! What keys and values of labels look like, and what the API server says of others.

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and \
                    end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
                    '123-abc', regex used for validation is \
                    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
                     '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
                     'MyValue',  or 'my_value',  or '12345', regex used for validation is \
                     '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                         characters, '-' or '.', and must start and end with an alphanumeric \
                         character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What is wrong with the key of a label; empty if nothing is.
pub(super) fn check_key(key: &str) -> Vec<String> {
    let (mut faults, name) = match key.split_once('/') {
        None => (vec![], key),
        Some((_, name)) if name.contains('/') => return vec![too_many_parts()],
        Some((prefix, name)) => (check_prefix(prefix), name),
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    }
    if name.len() > 63 {
        faults.push("name part must be no more than 63 bytes".to_owned());
    }
    if name.is_empty() || !is_name(name) {
        faults.push(format!("name part {NAME}"));
    }
    faults
}

fn too_many_parts() -> String {
    format!(
        "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. \
         'example.com/MyName')"
    )
}

fn check_prefix(prefix: &str) -> Vec<String> {
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".to_owned()];
    }
    let mut faults = vec![];
    if prefix.len() > 253 {
        faults.push("prefix part must be no more than 253 bytes".to_owned());
    }
    if !prefix.split('.').all(is_label) {
        faults.push(format!("prefix part {SUBDOMAIN}"));
    }
    faults
}

/// What is wrong with the value of a label; empty if nothing is.
pub(super) fn check_value(value: &str) -> Vec<String> {
    let mut faults = vec![];
    if value.len() > 63 {
        faults.push("must be no more than 63 bytes".to_owned());
    }
    if !value.is_empty() && !is_name(value) {
        faults.push(VALUE.to_owned());
    }
    faults
}

fn is_name(text: &str) -> bool {
    is_spelled(text, |it| it.is_ascii_alphanumeric(), "-_.")
}

/// A part of a DNS name.
fn is_label(text: &str) -> bool {
    let is_end = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    is_spelled(text, is_end, "-")
}

/// Whether `text` starts and ends with what may stand anywhere, and has `inner` in between at
/// most.
fn is_spelled(text: &str, is_end: impl Fn(char) -> bool, inner: &str) -> bool {
    let is_inner = |it: char| is_end(it) || inner.contains(it);
    text.starts_with(&is_end) && text.ends_with(&is_end) && text.chars().all(is_inner)
}
