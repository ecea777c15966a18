//! The URL of a Prometheus: as typed, as asked, as shown.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use reqwest::Url;

use crate::metrics::prometheus::error::{Error, UrlProblem};

/// A base URL without a slash at its end, to which `/api/v1/…` is added.
#[derive(Clone)]
pub(super) struct Address {
    /// With user and password, where the URL has them.
    url: Url,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    /// Reads what a user typed: with or without a slash at the end, a path prefix, user and
    /// password, or copied from a browser with `/graph` or `/api/v1` behind it.
    pub(super) fn parse(typed: &str) -> Result<Self, Error> {
        let typed = typed.trim();
        let wrong = |problem| Error::Url {
            url: without_credentials(typed),
            problem,
        };
        let Some((scheme, rest)) = typed.split_once("://") else {
            return Err(wrong(UrlProblem::NoScheme));
        };
        if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
            return Err(wrong(UrlProblem::OtherScheme));
        }
        if rest.is_empty() || rest.starts_with(['/', ':', '?', '#']) {
            return Err(wrong(UrlProblem::NoHost));
        }
        let mut url = Url::parse(typed).map_err(|_| wrong(UrlProblem::Malformed))?;
        let path = base_path(url.path(), url.query().is_some()).to_owned();
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&path);
        Ok(Self { url })
    }

    /// The URL of an endpoint, `path` beginning with a slash, credentials included.
    pub(super) fn join(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.url.clone();
        let prefix = self.url.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url.set_query(query);
        url
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Leaves user and password out of every request.
    pub(super) fn forget_credentials(&mut self) {
        // Only a URL without a host refuses, and it has none of the two.
        let _ = self.url.set_username("");
        let _ = self.url.set_password(None);
    }

    /// For people: without user, password and the slash at the end.
    pub(super) fn shown(&self) -> String {
        let mut shown = self.clone();
        shown.forget_credentials();
        shown.url.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether the server is on this machine or a private network.
    pub(super) fn is_near(&self) -> bool {
        self.url.host_str().is_some_and(is_near)
    }
}

/// The path before what belongs to the API or to a page of the web interface.
///
/// `/query` is such a page only with an expression behind it: it may as well be a prefix.
fn base_path(path: &str, has_query: bool) -> &str {
    let mut path = path.trim_end_matches('/');
    for (tail, is_tail) in [("/graph", true), ("/query", has_query), ("/api/v1", true)] {
        if is_tail {
            path = path.strip_suffix(tail).unwrap_or(path);
        }
    }
    path.trim_end_matches('/')
}

/// Whether a host is on this machine or a private network, by its name or literal address alone.
fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_private(address),
        Ok(IpAddr::V6(address)) => {
            let mapped = address.to_ipv4_mapped().is_some_and(is_private);
            mapped
                || address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
        // A name without dots or in a cluster's own domain resolves nowhere else.
        Err(_) => {
            !host.contains('.')
                || [".localhost", ".local", ".svc", ".internal"]
                    .iter()
                    .any(|it| host.ends_with(it))
        }
    }
}

fn is_private(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local()
}

/// What was typed, with everything up to the last `@` of the authority hidden.
fn without_credentials(typed: &str) -> String {
    let (scheme, rest) = match typed.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), typed),
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]),
        None => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_as_people_type_them() {
        let cases = [
            ("http://p:9090", "http://p:9090/api/v1/query"),
            ("http://p:9090/", "http://p:9090/api/v1/query"),
            (" http://p ", "http://p/api/v1/query"),
            ("https://h/prometheus", "https://h/prometheus/api/v1/query"),
            (
                "https://h/prometheus//",
                "https://h/prometheus/api/v1/query",
            ),
            ("http://p/api/v1", "http://p/api/v1/query"),
            ("http://p/api/v1/", "http://p/api/v1/query"),
            ("https://h/prom/api/v1", "https://h/prom/api/v1/query"),
            ("http://p/graph?g0.expr=up#x", "http://p/api/v1/query"),
            ("http://p/prom/graph", "http://p/prom/api/v1/query"),
            ("http://p/query?g0.expr=up", "http://p/api/v1/query"),
            ("http://h/query", "http://h/query/api/v1/query"),
            (
                "https://vm/select/0/prometheus",
                "https://vm/select/0/prometheus/api/v1/query",
            ),
            ("HTTP://[::1]:9090", "http://[::1]:9090/api/v1/query"),
        ];
        for (typed, expected) in cases {
            let address = Address::parse(typed).unwrap();
            assert_eq!(address.join("/api/v1/query", None).as_str(), expected);
        }
    }

    #[test]
    fn urls_that_cannot_be_asked_are_named_with_the_reason() {
        let cases = [
            ("prometheus:9090", UrlProblem::NoScheme),
            ("localhost", UrlProblem::NoScheme),
            ("", UrlProblem::NoScheme),
            ("ftp://p", UrlProblem::OtherScheme),
            ("http://", UrlProblem::NoHost),
            ("http:///x", UrlProblem::NoHost),
            ("http://p:port", UrlProblem::Malformed),
            ("http://a b", UrlProblem::Malformed),
        ];
        for (typed, expected) in cases {
            match Address::parse(typed).unwrap_err() {
                Error::Url { problem, .. } => assert_eq!(problem, expected, "{typed}"),
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn passwords_are_never_shown() {
        let address = Address::parse("https://me:s3cret@h/prom/").unwrap();
        assert_eq!(address.shown(), "https://h/prom");
        assert_eq!(format!("{address:?}"), "https://h/prom");
        for typed in [
            "me:s3cret@h",
            "ftp://me:s3cret@h",
            "http://me:s3cr@s3cret@h:x",
        ] {
            let error = Address::parse(typed).unwrap_err();
            assert!(!error.to_string().contains("s3cr"), "{error}");
            assert!(!format!("{error:?}").contains("s3cr"), "{error:?}");
        }
    }

    #[test]
    fn near_is_this_machine_or_a_private_network() {
        for near in [
            "localhost",
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "[::1]",
            "fd00::1",
            "prometheus",
            "prometheus.monitoring.svc",
            "prometheus.monitoring.svc.cluster.local",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in ["8.8.8.8", "prometheus.example.com", "2001:db8::1"] {
            assert!(!is_near(far), "{far}");
        }
    }
}
