//! The formats of text that schemas name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use jiff::{Timestamp, civil};

/// Whether the text has the format; true for formats that are not known.
pub(super) fn is(text: &str, format: &str) -> bool {
    match format {
        "date-time" | "datetime" => text.parse::<Timestamp>().is_ok(),
        "date" => text.len() == 10 && text.parse::<civil::Date>().is_ok(),
        "duration" => is_duration(text),
        "byte" => base64::engine::general_purpose::STANDARD
            .decode(text)
            .is_ok(),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "mac" => is_mac(text),
        "uuid" => is_uuid(text),
        "email" => is_email(text),
        "hostname" => is_hostname(text),
        "uri" => is_uri(text),
        _ => true,
    }
}

/// Numbers with units, such as `1h30m` or `2 days`.
fn is_duration(text: &str) -> bool {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned == "0" || !unsigned.is_empty() && are_terms(unsigned)
}

fn are_terms(mut rest: &str) -> bool {
    const UNITS: [&str; 34] = [
        "ns",
        "nano",
        "nanosecond",
        "nanoseconds",
        "us",
        "µs",
        "μs",
        "micro",
        "microsecond",
        "microseconds",
        "ms",
        "milli",
        "millisecond",
        "milliseconds",
        "s",
        "sec",
        "secs",
        "second",
        "seconds",
        "m",
        "min",
        "mins",
        "minute",
        "minutes",
        "h",
        "hr",
        "hour",
        "hours",
        "d",
        "day",
        "days",
        "w",
        "week",
        "weeks",
    ];
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
        let (number, after) = (&rest[..rest.len() - after.len()], after.trim_start());
        let next = after.trim_start_matches(char::is_alphabetic);
        let unit = &after[..after.len() - next.len()];
        if number.parse::<f64>().is_err() || !UNITS.contains(&unit) {
            return false;
        }
        rest = next.trim_start();
    }
    true
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|it| it <= most)
}

fn is_mac(text: &str) -> bool {
    let mut octets = text.split([':', '-']);
    let is_octet = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_hexdigit());
    text.split([':', '-']).count() == 6 && octets.all(is_octet)
}

fn is_uuid(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|it| *it != b'-').collect();
    digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit)
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !user.contains(' ') && is_hostname(host))
}

fn is_hostname(text: &str) -> bool {
    let is_label = |it: &str| {
        let is_letter = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        (1..=63).contains(&it.len())
            && it.chars().all(is_letter)
            && it.starts_with(|it: char| it.is_ascii_alphanumeric())
            && it.ends_with(|it: char| it.is_ascii_alphanumeric())
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 255 && text.split('.').all(is_label)
}

/// A path or an address with a scheme.
fn is_uri(text: &str) -> bool {
    text.starts_with('/') && text.parse::<http::Uri>().is_ok()
        || text.split_once(':').is_some_and(|(scheme, rest)| {
            let is_letter = |it: char| it.is_ascii_alphanumeric() || "+-.".contains(it);
            scheme.starts_with(|it: char| it.is_ascii_alphabetic())
                && scheme.chars().all(is_letter)
                && !rest.contains(|it: char| it.is_whitespace() || it.is_control())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_right_from_wrong() {
        let cases = [
            ("date-time", "2026-11-21T10:00:00Z", "2026-11-21"),
            ("date-time", "2026-11-21T10:00:00.5+02:00", "now"),
            ("date", "2026-11-21", "2026-13-21"),
            ("duration", "1h30m", "1"),
            ("duration", "2 days", "2 moons"),
            ("duration", "0", ""),
            ("duration", "-1.5s", "s"),
            ("byte", "YQ==", "%%"),
            ("ipv4", "10.0.0.1", "10.0.0"),
            ("ipv6", "::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("mac", "00:11:22:aa:bb:cc", "00:11:22"),
            ("uuid", "a8098c1a-f86e-11da-bd1a-00112444be1e", "a8098c1a"),
            ("email", "a@example.com", "example.com"),
            ("hostname", "a.example.com", "-a"),
            ("uri", "https://example.com/a?b", "%%"),
            ("uri", "/a", "a b:c"),
        ];
        for (format, right, wrong) in cases {
            assert!(is(right, format), "{right} is a {format}");
            assert!(!is(wrong, format), "{wrong} is no {format}");
        }
        assert!(is("anything", "unheard-of"));
    }
}
