//! One parser for each kind of value, shared by flags, environment and configuration file, so
//! that a value means the same wherever it stands. Messages say what is allowed; the caller
//! names the flag or key and the value.

mod forecast;
mod hpa;
pub(crate) mod schedule;
mod times;

pub(crate) use forecast::{bin_minutes, forecast_days, forecast_quantile, lead_minutes, time_zone};
pub(crate) use hpa::{
    SELECTS, SHAPES, cores, percent, policy, replicas, stabilization_window, startup, tolerance,
};
pub(crate) use hpa::{cooldown_period, minimum, polling_interval, threshold};

pub(crate) use times::{
    minutes, positive_length, positive_timeout, time, time_of_each_day, timeout,
};

use std::num::NonZeroUsize;

use jiff::SignedDuration;

use super::{Color, FailOn, Format, explain, lint};
use crate::analysis::Course;
use crate::audit;
use crate::lifecycle::slo::Slo;
use crate::lint::{Code, Severity};
use crate::metrics::prometheus::{Compression, WayChoice};
use crate::units::Step;

/// Highest price of an hour: far beyond any machine, and sums over a fleet stay numbers.
const HIGHEST_PRICE: f64 = 1e6;
/// Longest window: what a year-long retention holds, and a leap day.
const MOST_DAYS: u32 = 366;
/// Shortest step: the HPA controller decides every 15 s, finer history tells nothing more.
const FINEST_STEP: u32 = 15;
/// Longest step: daily peaks of an hour disappear beyond it.
const COARSEST_STEP: u32 = 3600;
/// Requests at once that a Prometheus of default settings still evaluates in parallel: 20 is its
/// `--query.max-concurrency`, and others want to be answered too.
const MOST_REQUESTS: usize = 16;
/// Fastest time of a sandbox: a day in 9 seconds.
const FASTEST: u32 = 10_000;
/// Most days to keep back, in percent: of two weeks, one is then left to choose on.
const MOST_HELD_BACK: u32 = 90;

/// A window of whole days.
pub(crate) fn window_days(text: &str) -> Result<u32, String> {
    in_range(text, 1, MOST_DAYS, "whole number of days")
}

/// A length of history in days, to the second; fractions are allowed.
pub(crate) fn days(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<f64>() {
        Ok(days) if (0.0..=f64::from(MOST_DAYS)).contains(&days) => {
            Ok(SignedDuration::from_secs((days * 86_400.0).round() as i64))
        }
        Ok(_) | Err(_) => Err(format!("expected a number of days from 0 to {MOST_DAYS}")),
    }
}

/// The distance of samples.
pub(crate) fn step(text: &str) -> Result<Step, String> {
    let seconds = in_range(text, FINEST_STEP, COARSEST_STEP, "whole number of seconds")?;
    Step::from_seconds(seconds).ok_or_else(|| "expected at least 1 second".to_owned())
}

/// A number of days, files or megabytes that are kept; 0 for no limit.
pub(crate) fn kept(text: &str) -> Result<u32, String> {
    in_range(text, 0, u32::MAX, "whole number")
}

/// How fast the time of a sandbox passes, in times of ours; 0 for one that stands.
pub(crate) fn speed(text: &str) -> Result<u32, String> {
    in_range(text, 0, FASTEST, "whole number")
}

/// Requests under way at once.
pub(crate) fn concurrency(text: &str) -> Result<usize, String> {
    in_range(text, 1, MOST_REQUESTS, "number of requests")
}

/// A share as `0.15` or `15%`, from 0 to 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    share_up_to(100, text)
}

/// The share of days that are kept back; some must be left to choose on.
pub(crate) fn holdout(text: &str) -> Result<f64, String> {
    share_up_to(MOST_HELD_BACK, text)
}

/// A share from 0 to `most` percent.
fn share_up_to(most: u32, text: &str) -> Result<f64, String> {
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().map(|it| it / 100.0),
        None => text.parse::<f64>(),
    };
    match parsed {
        Ok(share) if (0.0..=f64::from(most) / 100.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err(format!(
            "expected a share such as 0.15 or 15%, at most {most}%"
        )),
    }
}

/// A price in US dollars.
pub(crate) fn price(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(price) if (0.0..=HIGHEST_PRICE).contains(&price) => Ok(price),
        Ok(_) | Err(_) => {
            Err("expected a price in US dollars such as 0.04, from 0 to 1000000".to_owned())
        }
    }
}

/// How many, at least one.
pub(crate) fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "expected a whole number, at least 1".to_owned())
}

/// An objective as `NAME=QUERY < LIMIT`.
pub(crate) fn slo(text: &str) -> Result<Slo, String> {
    text.parse::<Slo>().map_err(|it| it.to_string())
}

/// A code of `lint`.
pub(crate) fn lint_code(text: &str) -> Result<Code, String> {
    Code::named(text).ok_or_else(|| match Code::nearest(text) {
        Some(near) => format!("no code is called so; `{}` was meant?", near.word()),
        None => "no code is called so; `lint --list` has all".to_owned(),
    })
}

/// A code of `lint` or of a finding.
pub(crate) fn explainable(text: &str) -> Result<lint::Explainable, String> {
    lint::Explainable::named(text).ok_or_else(|| match lint::Explainable::nearest(text) {
        Some(near) => format!("no code is called so; `{near}` was meant?"),
        None => "no code is called so; `lint --list` has those of `lint`, and `analyze -o wide` \
                 names those that it tells"
            .to_owned(),
    })
}

/// The address of a Prometheus, without the slash at its end.
pub(crate) fn url(text: &str) -> Result<String, String> {
    let wanted = || "expected an address such as http://prometheus.example:9090".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| wanted())?;
    let scheme_is_known = matches!(uri.scheme_str(), Some("http" | "https"));
    if !scheme_is_known || uri.host().is_none_or(str::is_empty) {
        return Err(wanted());
    }
    if uri.query().is_some() {
        return Err("the address may not have a query".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// An HTTP header as `Name: value`.
pub(crate) fn header(text: &str) -> Result<(String, String), String> {
    let wanted = || "expected a header such as `X-Scope-OrgID: team`".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wanted)?;
    let (name, value) = (name.trim(), value.trim());
    http::HeaderName::try_from(name).map_err(|_| wanted())?;
    http::HeaderValue::try_from(value).map_err(|_| wanted())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// User and password as `user:password`.
pub(crate) fn basic_auth(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((user, password)) if !user.is_empty() => Ok((user.to_owned(), password.to_owned())),
        Some(_) | None => Err("expected user:password".to_owned()),
    }
}

/// A query with the target's place marked.
pub(crate) fn promql(text: &str) -> Result<String, String> {
    if text.contains("{deploy}") {
        Ok(text.to_owned())
    } else {
        // Without it every target would be given the same numbers.
        Err("expected {deploy} (and {ns}) where the target's name belongs".to_owned())
    }
}

/// Any text but the empty one.
pub(crate) fn text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("expected something".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A namespace: a DNS label.
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    if text.len() <= 63 && is_label(text) {
        Ok(text.to_owned())
    } else {
        Err("expected a name of at most 63 lower-case letters, digits and `-`".to_owned())
    }
}

/// Whether `name` can name an object: DNS labels with dots between them.
pub(crate) fn is_object_name(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A value that is one of a few words.
pub(crate) struct Words<T: 'static>(pub(crate) &'static [(&'static str, T)]);

impl<T: Copy> Words<T> {
    pub(crate) fn parse(&self, text: &str) -> Result<T, String> {
        let found = self.0.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = self.names().collect();
            format!("expected one of {}", words.join(", "))
        })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(word, _)| *word)
    }
}

pub(crate) const WAYS: Words<WayChoice> = Words(&[
    ("auto", WayChoice::Auto),
    ("remote-read", WayChoice::RemoteRead),
    ("pods", WayChoice::PodRates),
    ("workloads", WayChoice::GroupedRates),
]);

pub(crate) const COMPRESSIONS: Words<Compression> = Words(&[
    ("auto", Compression::Auto),
    ("on", Compression::On),
    ("off", Compression::Off),
]);

pub(crate) const LOG_FORMATS: Words<audit::Format> = Words(&[
    ("json", audit::Format::Json),
    ("legacy", audit::Format::Legacy),
]);

pub(crate) const FORMATS: Words<Format> = Words(&[
    ("table", Format::Table),
    ("wide", Format::Wide),
    ("json", Format::Json),
    ("yaml", Format::Yaml),
    ("name", Format::Name),
]);

pub(crate) const EXPLAIN_FORMS: Words<explain::Form> = Words(&[
    ("text", explain::Form::Text),
    ("json", explain::Form::Json),
    ("yaml", explain::Form::Yaml),
]);

pub(crate) const VIEWS: Words<explain::View> = Words(&[
    ("day", explain::View::Day),
    ("week", explain::View::Week),
    ("all", explain::View::All),
]);

pub(crate) const FAIL_ON: Words<FailOn> = Words(&[
    ("never", FailOn::Never),
    ("info", FailOn::Info),
    ("warning", FailOn::Warning),
    ("critical", FailOn::Critical),
    ("recommendation", FailOn::Recommendation),
]);

pub(crate) const LINT_FORMS: Words<lint::Form> = Words(&[
    ("text", lint::Form::Text),
    ("json", lint::Form::Json),
    ("github", lint::Form::Github),
    ("sarif", lint::Form::Sarif),
    ("junit", lint::Form::Junit),
    ("csv", lint::Form::Csv),
    ("jsonl", lint::Form::Jsonl),
]);

pub(crate) const LINT_FAIL_ON: Words<Option<Severity>> = Words(&[
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("info", Some(Severity::Info)),
    ("none", None),
]);

pub(crate) const COURSES: Words<Course> = Words(&[
    ("any", Course::Any),
    ("raise", Course::OnlyRaise),
    ("lower", Course::OnlyLower),
]);

pub(crate) const COLORS: Words<Color> = Words(&[
    ("auto", Color::Auto),
    ("always", Color::Always),
    ("never", Color::Never),
]);

fn in_range<T>(text: &str, least: T, most: T, what: &str) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
{
    match text.parse::<T>() {
        Ok(value) if least <= value && value <= most => Ok(value),
        Ok(_) | Err(_) => Err(format!("expected a {what} from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_fractions_or_percentages() {
        for (text, expected) in [("0.15", 0.15), ("15%", 0.15), ("0", 0.0), ("100%", 1.0)] {
            assert_eq!(share(text), Ok(expected), "{text}");
        }
        for bad in ["15", "-0.1", "101%", "%", "", "NaN"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn some_days_must_be_left_to_choose_on() {
        for (text, expected) in [("0", 0.0), ("0.9", 0.9), ("90%", 0.9), ("0.3", 0.3)] {
            assert_eq!(holdout(text), Ok(expected), "{text}");
        }
        for bad in ["91%", "0.91", "1", "-0.1", "NaN", ""] {
            let refused = holdout(bad).unwrap_err();
            assert!(refused.contains("at most 90%"), "{bad}: {refused}");
        }
    }

    #[test]
    fn a_price_is_any_amount_that_is_not_negative() {
        for (text, expected) in [
            ("0.0316", 0.0316),
            ("0", 0.0),
            ("12", 12.0),
            ("1e-3", 0.001),
        ] {
            assert_eq!(price(text), Ok(expected), "{text}");
        }
        for bad in ["-0.01", "NaN", "inf", "1e999", "$1", "0,03", ""] {
            assert!(price(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(window_days("14"), Ok(14));
        assert_eq!(step("300"), Ok(Step::FIVE_MINUTES));
        assert_eq!(concurrency("4"), Ok(4));
        assert_eq!(days("0.5"), Ok(SignedDuration::from_hours(12)));
        for bad in ["0", "367", "1.5", "-1", "x", ""] {
            assert!(window_days(bad).is_err(), "{bad}");
        }
        for bad in ["0", "14", "3601"] {
            assert!(step(bad).is_err(), "{bad}");
        }
        for bad in ["0", "17"] {
            assert!(concurrency(bad).is_err(), "{bad}");
        }
        for bad in ["-1", "NaN", "inf", "400"] {
            assert!(days(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_need_a_scheme_and_a_host() {
        let cases = [
            ("http://localhost:9090", "http://localhost:9090"),
            (
                "https://mimir.example/prometheus/",
                "https://mimir.example/prometheus",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(url(text).as_deref(), Ok(expected));
        }
        for bad in [
            "",
            "localhost:9090",
            "ftp://a",
            "http://",
            "http://a?x=1",
            "/metrics",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_and_credentials_split_at_the_first_colon() {
        let pair = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        assert_eq!(header("X-Scope-OrgID: a:b"), pair("X-Scope-OrgID", "a:b"));
        assert_eq!(basic_auth("me:a:b"), pair("me", "a:b"));
        assert_eq!(basic_auth("me:"), pair("me", ""));
        for bad in ["X-Scope-OrgID", "a b: c", ": c", "a: \u{7}"] {
            assert!(header(bad).is_err(), "{bad:?}");
        }
        for bad in ["me", ":secret", ""] {
            assert!(basic_auth(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_follow_dns() {
        for good in ["web", "web-1", "a.b-c.d"] {
            assert!(is_object_name(good), "{good}");
        }
        for bad in ["", "Web", "-web", "web-", "a..b", "a_b", "a/b"] {
            assert!(!is_object_name(bad), "{bad}");
        }
        assert!(namespace("a.b").is_err());
        assert!(namespace(&"a".repeat(64)).is_err());
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        assert_eq!(WAYS.parse("pods"), Ok(WayChoice::PodRates));
        let refused = COMPRESSIONS.parse("gzip").unwrap_err();
        assert_eq!(refused, "expected one of auto, on, off");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (timeout(&text), share(&text), url(&text), header(&text), days(&text));
            let _ = (holdout(&text), price(&text), time_of_each_day(&text));
        }
    }
}
