//! What pods and nodes use.

use serde_json::{Value, json};

use super::cells::{NAME, Row, list, text};
use crate::units::{Quantity, canonical};

pub(super) const NODES: &[Row] = &[
    NAME,
    Row("cpu", "string", 0, "", |it, _| {
        json!(shown(text(it, "/usage/cpu")))
    }),
    Row("memory", "string", 0, "", |it, _| {
        json!(shown(text(it, "/usage/memory")))
    }),
    WINDOW,
];

pub(super) const PODS: &[Row] = &[
    NAME,
    Row("cpu", "string", 0, "", |it, _| {
        json!(total(it, "/usage/cpu"))
    }),
    Row("memory", "string", 0, "", |it, _| {
        json!(total(it, "/usage/memory"))
    }),
    WINDOW,
];

const WINDOW: Row = Row("Window", "string", 0, "", |it, _| {
    json!(text(it, "/window"))
});

fn shown(quantity: &str) -> String {
    canonical(quantity).unwrap_or_else(|_| "0".to_owned())
}

/// The sum over the containers of a pod.
fn total(pod: &Value, pointer: &str) -> String {
    let containers = list(pod, "/containers");
    if let [only] = containers {
        return shown(text(only, pointer));
    }
    let texts = || containers.iter().map(|it| text(it, pointer));
    let amounts = texts().filter_map(|it| it.parse::<Quantity>().ok());
    let total = amounts.fold(Quantity::default(), |sum, it| sum + it);
    match texts().any(|it| it.ends_with('i')) {
        true => binary(total.milli_value() / 1000),
        false => shown(&total.to_string()),
    }
}

/// A whole number of bytes with the largest suffix that leaves it whole.
fn binary(mut bytes: i128) -> String {
    let mut suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi"].into_iter().peekable();
    while bytes != 0 && bytes % 1024 == 0 && suffixes.len() > 1 {
        bytes /= 1024;
        suffixes.next();
    }
    format!("{bytes}{}", suffixes.next().unwrap_or(""))
}
