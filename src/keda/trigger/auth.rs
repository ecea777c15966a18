//! How a trigger that speaks HTTP proves who it is: KEDA's common `authModes`.

use super::param::{AUTH, Kind, META_AUTH, Param};
use super::problem::{Cause, Problem};
use super::text::form_escaped;
use super::{Secret, Values};
use crate::keda::objects::OAuth2;

/// The parameter that says which modes are on.
pub(super) const MODES: &str = "authModes";

/// The parameters that types with `authModes` have in common.
pub(super) const PARAMS: [Param; 17] = [
    Param::new(MODES, Kind::List, META_AUTH)
        .alias(&["authMode"])
        .one_of(&["apiKey", "basic", "tls", "bearer", "custom", "oauth"])
        .exclusive(&["bearer", "basic", "oauth"])
        .optional(),
    Param::new("bearerToken", Kind::Text, AUTH)
        .alias(&["token"])
        .optional(),
    Param::new("username", Kind::Text, AUTH).optional(),
    Param::new("password", Kind::Text, AUTH).optional(),
    Param::new("cert", Kind::Text, AUTH).optional(),
    Param::new("key", Kind::Text, AUTH).optional(),
    Param::new("ca", Kind::Text, AUTH).optional(),
    Param::new("oauthTokenURI", Kind::Text, AUTH).optional(),
    Param::new("scopes", Kind::List, AUTH)
        .alias(&["scope"])
        .optional(),
    Param::new("clientID", Kind::Text, AUTH).optional(),
    Param::new("clientSecret", Kind::Text, AUTH).optional(),
    Param::new("endpointParams", Kind::Query, AUTH).optional(),
    Param::new("customAuthHeader", Kind::Text, AUTH).optional(),
    Param::new("customAuthValue", Kind::Text, AUTH).optional(),
    Param::new("apiKey", Kind::Text, META_AUTH).optional(),
    Param::new("method", Kind::Text, META_AUTH)
        .or("header")
        .one_of(&["header", "query"]),
    Param::new("keyParamName", Kind::Text, META_AUTH).optional(),
];

/// Two tables as one.
pub(super) const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [Param; A],
    second: [Param; B],
) -> [Param; N] {
    assert!(A + B == N);
    let mut all = [first[0]; N];
    let mut index = 0;
    while index < N {
        all[index] = if index < A {
            first[index]
        } else {
            second[index - A]
        };
        index += 1;
    }
    all
}

/// What an authentication by OAuth 2 gives to a trigger; the secret is empty where it could not be
/// read, and parameters of the token's URL are written as a form is.
pub fn of_oauth2(oauth: &OAuth2, secret: Secret) -> Vec<(&'static str, Secret)> {
    let mut all = vec![
        ("oauthTokenURI", Secret::new(&*oauth.token_url)),
        ("clientID", Secret::new(&*oauth.client_id)),
        ("clientSecret", secret),
    ];
    if !oauth.scopes.is_empty() {
        all.push(("scopes", Secret::new(oauth.scopes.join(","))));
    }
    if !oauth.token_url_params.is_empty() {
        let params = oauth.token_url_params.iter();
        let pairs = params.map(|(key, it)| format!("{}={}", form_escaped(key), form_escaped(it)));
        let pairs: Vec<String> = pairs.collect();
        all.push(("endpointParams", Secret::new(pairs.join("&"))));
    }
    all
}

/// One way to prove who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    ApiKey,
    Basic,
    Tls,
    Bearer,
    Custom,
    OAuth,
}

/// The modes with what they need. Whatever is given is here, also for a mode that is not on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Auth {
    /// In the order given, repetitions included.
    pub modes: Vec<Mode>,
    pub bearer_token: Secret,
    pub username: Secret,
    pub password: Secret,
    /// Certificates in PEM.
    pub ca: Secret,
    pub cert: Secret,
    pub key: Secret,
    pub custom_header: Secret,
    pub custom_value: Secret,
}

impl Auth {
    /// Whether that mode is on.
    pub fn has(&self, mode: Mode) -> bool {
        self.modes.contains(&mode)
    }

    /// Takes the modes out of `values`.
    ///
    /// # Errors
    /// The first mode that lacks something.
    pub(super) fn read(values: &Values) -> Result<Self, Problem> {
        let auth = Self {
            modes: values
                .list(MODES)
                .iter()
                .filter_map(|it| Mode::named(it))
                .collect(),
            bearer_token: values.secret("bearerToken"),
            username: values.secret("username"),
            password: values.secret("password"),
            ca: values.secret("ca"),
            cert: values.secret("cert"),
            key: values.secret("key"),
            custom_header: values.secret("customAuthHeader"),
            custom_value: values.secret("customAuthValue"),
        };
        match NEEDS.iter().find(|needs| auth.lacks(needs, values)) {
            Some(needs) => {
                let mode = needs.mode.name();
                Err(Problem::new(
                    needs.params.join("+"),
                    Cause::MissingForAuthMode { mode },
                ))
            }
            None => Ok(auth),
        }
    }

    fn lacks(&self, needs: &Needs, values: &Values) -> bool {
        let is_missing = |param: &&str| values.secret(param).is_empty();
        self.has(needs.mode) && needs.params.iter().any(is_missing)
    }
}

/// What a mode cannot do without.
struct Needs {
    mode: Mode,
    params: &'static [&'static str],
}

/// In the order in which KEDA checks.
const NEEDS: [Needs; 6] = [
    needs(Mode::Bearer, &["bearerToken"]),
    needs(Mode::Basic, &["username"]),
    needs(Mode::Tls, &["cert", "key"]),
    needs(Mode::OAuth, &["oauthTokenURI", "clientID"]),
    needs(Mode::Custom, &["customAuthHeader", "customAuthValue"]),
    needs(Mode::ApiKey, &["apiKey"]),
];

const fn needs(mode: Mode, params: &'static [&'static str]) -> Needs {
    Needs { mode, params }
}

impl Mode {
    /// As it is written in `authModes`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "apiKey",
            Self::Basic => "basic",
            Self::Tls => "tls",
            Self::Bearer => "bearer",
            Self::Custom => "custom",
            Self::OAuth => "oauth",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = [
            Self::ApiKey,
            Self::Basic,
            Self::Tls,
            Self::Bearer,
            Self::Custom,
            Self::OAuth,
        ];
        all.into_iter().find(|it| it.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oauth_gives_what_is_set_and_a_secret_in_any_case() {
        let mut oauth = OAuth2 {
            client_id: "me".to_owned(),
            token_url: "https://idp/token".to_owned(),
            ..OAuth2::default()
        };
        let of = |oauth: &OAuth2| -> Vec<(&'static str, String)> {
            let all = of_oauth2(oauth, Secret::default()).into_iter();
            all.map(|(key, it)| (key, it.expose().to_owned())).collect()
        };
        let needed = [
            ("oauthTokenURI", "https://idp/token".to_owned()),
            ("clientID", "me".to_owned()),
            ("clientSecret", String::new()),
        ];
        assert_eq!(of(&oauth), needed);
        oauth.scopes = vec!["read".to_owned(), "write".to_owned()];
        let params = [("audience", "a b"), ("Tenant", "x&y")];
        let params = params.map(|(key, it)| (key.to_owned(), it.to_owned()));
        oauth.token_url_params = params.into();
        let more = [
            ("scopes", "read,write".to_owned()),
            ("endpointParams", "Tenant=x%26y&audience=a+b".to_owned()),
        ];
        assert_eq!(of(&oauth)[3..], more);
    }
}
