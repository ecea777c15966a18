//! Leaves credentials out of what a server sends back.

use std::collections::BTreeMap;

use crate::keda::trigger::{Prometheus, Secret};

/// Texts that no message may hold.
#[derive(Clone, Default)]
pub(super) struct Redaction(Vec<Secret>);

/// Shorter ones would take words apart that have nothing to do with them.
const SHORTEST: usize = 4;

impl Redaction {
    /// Those of a `prometheus` trigger.
    pub(super) fn of(settings: &Prometheus) -> Self {
        let auth = &settings.auth;
        let own = [
            &auth.bearer_token,
            &auth.password,
            &auth.username,
            &auth.custom_value,
            &auth.key,
        ];
        let pairs = [&settings.custom_headers, &settings.query_parameters];
        let pairs = pairs.into_iter().flat_map(BTreeMap::values);
        let mut all: Vec<Secret> = own.into_iter().chain(pairs).cloned().collect();
        all.extend(user_info(&settings.server_address));
        all.retain(|it| it.expose().chars().count() >= SHORTEST);
        // A longer one that holds a shorter one goes first.
        all.sort_by_key(|it| std::cmp::Reverse(it.expose().len()));
        Self(all)
    }

    /// `text` without any of them, in one line of at most 200 characters.
    pub(super) fn clean(&self, text: &str) -> String {
        let hidden = self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose(), "<redacted>")
        });
        let words: Vec<&str> = hidden.split_whitespace().collect();
        words.join(" ").chars().take(200).collect()
    }
}

/// User and password of a URL.
fn user_info(url: &str) -> Vec<Secret> {
    let rest = url.split_once("://").map_or(url, |it| it.1);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else {
        return Vec::new();
    };
    let parts = [user].into_iter().chain(user.split(':'));
    parts.map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out_wherever_they_stand() {
        let mut all = vec![Secret::new("hunter2"), Secret::new("hunter2-long")];
        all.sort_by_key(|it| std::cmp::Reverse(it.expose().len()));
        let redaction = Redaction(all);
        let clean = redaction.clean("no\n  Bearer hunter2-long and hunter2.");
        assert_eq!(clean, "no Bearer <redacted> and <redacted>.");
        assert_eq!(redaction.clean(&"x".repeat(300)).len(), 200);
    }

    #[test]
    fn a_url_may_hold_credentials() {
        let found = |url: &str| -> Vec<String> {
            let all = user_info(url).into_iter();
            all.map(|it| it.expose().to_owned()).collect()
        };
        assert_eq!(found("http://me:pass@h/x"), ["me:pass", "me", "pass"]);
        assert!(found("http://h:80/a@b").is_empty());
    }
}
