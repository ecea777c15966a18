//! The way to the API server, its version, and whose clock shows what.

use jiff::{SignedDuration, Timestamp};

use super::{Check, Fault, Judge, Purpose, Told};
use crate::units::Age;

/// The oldest minor version of Kubernetes 1 that serves `autoscaling/v2`.
const OLDEST: u32 = 23;
/// The newest that the algorithm and the sandbox were compared with.
const NEWEST: u32 = 36;

/// Client certificates are renewed by hand: a week is enough to notice.
const CERTIFICATE_WARNING: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Two syncs of an HPA. `Date` is in whole seconds and requests take their time, and what is off by less
/// changes no verdict.
const MOST_SKEW: SignedDuration = SignedDuration::from_secs(30);

/// What a kubeconfig says of the way to a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubeconfig {
    /// Those that exist, in the order of their weight; empty inside a cluster.
    pub files: Vec<String>,
    /// `None` inside a cluster.
    pub context: Option<String>,
    pub user: Option<String>,
    /// The program that gives credentials.
    pub plugin: Option<String>,
    /// When the client certificate expires.
    pub certificate_until: Option<Timestamp>,
}

/// What the API server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `https://10.0.0.1:6443 (context kind)`.
    pub endpoint: String,
    /// `v1.33.2`; `None` where it may not be asked.
    pub version: Option<String>,
}

/// What the clocks showed at the same time; `None` of those that do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    pub here: Timestamp,
    pub server: Option<Timestamp>,
    pub prometheus: Option<Timestamp>,
}

impl Judge<'_> {
    pub(super) fn kubeconfig(&self, told: &Told<Kubeconfig>) -> Check {
        let check = Check::new("kubeconfig");
        let Told::Known(kubeconfig) = told else {
            return self.unknown(check, told, &Purpose::ALL);
        };
        let check = check.seen(kubeconfig.words(self.now));
        match kubeconfig.certificate_until {
            Some(until) if until <= self.now => {
                let advice = "renew the client certificate, or log in again";
                let check = check.advised(Some(advice.to_owned()));
                self.failed(check, Fault::Refused, &Purpose::ALL)
            }
            Some(until) if until.duration_since(self.now) < CERTIFICATE_WARNING => {
                check.warning("renew the client certificate before it expires")
            }
            Some(_) | None => check,
        }
    }

    pub(super) fn server(&self, told: &Told<Server>) -> Check {
        let check = Check::new("api-server");
        let Told::Known(server) = told else {
            return self.unknown(check, told, &Purpose::ALL);
        };
        let endpoint = &server.endpoint;
        let Some(version) = &server.version else {
            return check
                .seen(format!("{endpoint}, of a version that it does not tell"))
                .warning("ask for `get` on /version: it is what says which APIs there are");
        };
        let check = check.seen(format!("{version} at {endpoint}"));
        match minor(version) {
            Some(minor) if minor < OLDEST => {
                let advice = format!(
                    "upgrade the cluster: autoscaling/v2 is served from Kubernetes 1.{OLDEST} on"
                );
                self.failed(
                    check.advised(Some(advice)),
                    Fault::Unreachable,
                    &Purpose::ALL,
                )
            }
            Some(minor) if minor > NEWEST => {
                let seen = format!(
                    "{}; newer than 1.{NEWEST}, the newest that replays were compared with",
                    check.seen
                );
                check.seen(seen)
            }
            Some(_) | None => check,
        }
    }

    pub(super) fn clocks(&self, told: &Told<Clocks>) -> Check {
        let check = Check::new("clocks");
        let Told::Known(clocks) = told else {
            return self.unknown(check, told, &[]);
        };
        let all = [
            ("API server", clocks.server),
            ("Prometheus", clocks.prometheus),
        ];
        let known: Vec<(&str, SignedDuration)> = all
            .into_iter()
            .filter_map(|(name, at)| Some((name, at?.duration_since(clocks.here))))
            .collect();
        if known.is_empty() {
            return check.skipped("nobody told the time");
        }
        let words: Vec<String> = known.iter().map(|(name, by)| skew(name, *by)).collect();
        let check = check.seen(words.join(", "));
        match known.iter().any(|(_, by)| by.abs() > MOST_SKEW) {
            true => check.warning(
                "synchronize the clocks (NTP): a history that ends at another time misses what is \
                 newest, and a probation is judged on the wrong part of it",
            ),
            false => check,
        }
    }
}

impl Kubeconfig {
    fn words(&self, now: Timestamp) -> String {
        let mut words = vec![match (&self.context, self.files.as_slice()) {
            (None, _) => "the service account of this pod".to_owned(),
            (Some(context), files) => format!("context {context} of {}", files.join(", ")),
        }];
        words.extend(self.user.as_ref().map(|it| format!("user {it}")));
        let plugin = self.plugin.as_ref();
        words.extend(plugin.map(|it| format!("credential plugin {it}")));
        words.extend(
            self.certificate_until
                .map(|until| match until.duration_since(now) {
                    left if left.is_negative() || left.is_zero() => {
                        format!("client certificate expired {} ago", Age(-left))
                    }
                    left => format!("client certificate for {} more", Age(left)),
                }),
        );
        words.join(", ")
    }
}

/// The minor version of `v1.33.2-eks-1`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.trim_start_matches('v').strip_prefix("1.")?;
    let end = rest.find(|it: char| !it.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// `API server 2m behind`.
fn skew(name: &str, by: SignedDuration) -> String {
    match by.as_secs() {
        -2..=2 => format!("{name} agrees with this machine"),
        seconds if seconds < 0 => format!("{name} is {} behind this machine", Age(-by)),
        _ => format!("{name} is {} ahead of this machine", Age(by)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_vendors_have_a_minor() {
        let cases = [
            ("v1.33.2", Some(33)),
            ("v1.30.4+k3s1", Some(30)),
            ("v1.29+", Some(29)),
            ("1.23.0-gke.1", Some(23)),
            ("v2.0.0", None),
            ("", None),
        ];
        for (version, expected) in cases {
            assert_eq!(minor(version), expected, "{version}");
        }
    }

    #[test]
    fn a_second_or_two_is_no_difference() {
        let cases = [
            (-2, "P agrees with this machine"),
            (3, "P is 3s ahead of this machine"),
            (-240, "P is 4m behind this machine"),
        ];
        for (seconds, expected) in cases {
            let words = skew("P", SignedDuration::from_secs(seconds));
            assert_eq!(words, expected);
        }
    }
}
