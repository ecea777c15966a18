//! Bindings of roles.

use serde_json::{Value, json};

use super::cells::{AGE, NAME, Row, list, text};

pub(super) const BINDINGS: &[Row] = &[
    NAME,
    Row("Role", "string", 0, "What is granted.", |it, _| {
        let (kind, name) = (text(it, "/roleRef/kind"), text(it, "/roleRef/name"));
        json!(format!("{kind}/{name}"))
    }),
    AGE,
    Row("Users", "string", 1, "The users to whom.", |it, _| {
        json!(subjects(it, "User"))
    }),
    Row("Groups", "string", 1, "The groups to whom.", |it, _| {
        json!(subjects(it, "Group"))
    }),
    Row(
        "ServiceAccounts",
        "string",
        1,
        "The service accounts to whom.",
        |it, _| json!(subjects(it, "ServiceAccount")),
    ),
];

fn subjects(binding: &Value, kind: &str) -> String {
    let all = list(binding, "/subjects").iter();
    let all = all.filter(|it| it["kind"] == kind).map(|it| match kind {
        "ServiceAccount" => format!("{}/{}", text(it, "/namespace"), text(it, "/name")),
        _ => text(it, "/name").to_owned(),
    });
    all.collect::<Vec<_>>().join(", ")
}
