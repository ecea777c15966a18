//! URLs as Go's `net/url` reads them.

use core::net::Ipv6Addr;

/// Whether Go's `url.Parse` takes the text and finds a host in it, of http or https.
pub(super) fn is_http(text: &str) -> bool {
    if text.bytes().any(|it| it < b' ' || it == 0x7f) {
        return false;
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let Some((scheme, rest)) = rest.split_once("://") else {
        return false;
    };
    let schemes = ["http", "https"];
    let is_known = schemes.iter().any(|it| it.eq_ignore_ascii_case(scheme));
    // What follows a question mark is not looked at.
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    is_known && is_authority(authority) && is_escaped(path) && is_escaped(fragment)
}

/// A host, which is all that is needed, with what may stand around it.
fn is_authority(authority: &str) -> bool {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    let is_of_user = |it: u8| it.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&it);
    user.bytes().all(is_of_user) && is_escaped(user) && !host.is_empty() && is_host(host)
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let Some((address, port)) = inner.rsplit_once(']') else {
            return false;
        };
        let address = address.split_once("%25").map_or(address, |it| it.0);
        return address.parse::<Ipv6Addr>().is_ok() && is_port(port);
    }
    let port = host.rfind(':').map_or("", |at| &host[at..]);
    is_port(port) && is_name(host)
}

/// Nothing, or a colon with digits after it, if any.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    text.is_empty() || digits.is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()))
}

/// In a name, only bytes beyond ASCII may be escaped, and the percent sign.
fn is_name(host: &str) -> bool {
    let is_plain = |it: u8| {
        let signs = b"-_.~!$&'()*+,;=:[]<>\"%";
        it >= 0x80 || it.is_ascii_alphanumeric() || signs.contains(&it)
    };
    let mut escapes = host.split('%').skip(1);
    let is_kept =
        |it: &str| it.starts_with("25") || it.as_bytes().first().is_some_and(|it| *it >= b'8');
    host.bytes().all(is_plain) && is_escaped(host) && escapes.all(is_kept)
}

/// Whether each percent sign has two hexadecimal digits after it.
fn is_escaped(text: &str) -> bool {
    let is_digit = |it: Option<&u8>| it.is_some_and(u8::is_ascii_hexdigit);
    let mut escapes = text.split('%').skip(1).map(str::as_bytes);
    escapes.all(|it| is_digit(it.first()) && is_digit(it.get(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_of_go() {
        let table = [
            ("https://idp/token", true),
            ("HTTPS://idp:8443/token?x=1#y", true),
            ("http://user:p%40ss@idp/", true),
            ("http://a@b@idp/", true),
            ("http://idp:/", true),
            ("http://:80/", true),
            ("http://[::1]:80/", true),
            ("http://[fe80::1%25en0]/", true),
            ("http://idp/a path?with a space", true),
            ("http://idp?%zz", true),
            ("http://é/", true),
            ("http://%C3%A9/", true),
            ("http://user@/x", false),
            ("http:///x", false),
            ("http://", false),
            ("https://h:abc/", false),
            ("https://h/%zz", false),
            ("https://h/%4", false),
            ("https://h/#%zz", false),
            ("http://us er@idp/", false),
            ("http://u%zz@idp/", false),
            ("http://my host/", false),
            ("http://%41/", false),
            ("http://[::1/", false),
            ("http://[idp]/", false),
            ("http://[::1]x/", false),
            ("http://idp/\n", false),
            ("http://idp/\u{7f}", false),
            ("ftp://idp/", false),
            ("http:idp", false),
            ("idp/token", false),
            ("", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_http(text), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "(https?://)?[a-z%:@\\[\\]/?#é ]{0,20}") {
            let _ = is_http(&text);
        }
    }
}
