//! The query of a request, and forms, which are written alike.

use crate::sandbox::status::Refusal;

/// Its pairs, decoded, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|it| !it.is_empty());
        let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Both, one after the other.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The first value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The first value of `name`, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.0.iter().filter(move |(it, _)| it == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// Whether `name` is there and not `false` or `0`, as the API server reads booleans.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.optional_flag(name).unwrap_or(false)
    }

    /// Like [`Query::flag`], and nothing if it is not there.
    pub(crate) fn optional_flag(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        Some(!value.eq_ignore_ascii_case("false") && value != "0")
    }

    /// # Errors
    /// When `name` is there and no integer.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.parse().map(Some);
        parsed.map_err(|_| {
            let message = format!("strconv.ParseInt: parsing \"{value}\": invalid syntax");
            Refusal::bad_request(message)
        })
    }
}

/// `%41` as `A`. What is not UTF-8 becomes the replacement character, which no name has.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match (first, rest) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                let digits = hex(*high).zip(hex(*low));
                decoded.extend(digits.map(|(high, low)| high * 16 + low));
                bytes = after;
            }
            _ => decoded.push(*first),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The value of a hexadecimal digit, below 16.
fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let query =
            Query::parse("labelSelector=a%3Db%2Cc+in+%28d%29&watch&limit=5&dryRun=&force=0");
        assert_eq!(query.text("labelSelector"), "a=b,c in (d)");
        assert!(query.flag("watch") && !query.flag("force") && !query.flag("other"));
        assert_eq!(query.integer("limit"), Ok(Some(5)));
        assert_eq!(query.get("dryRun"), Some(""));
        let refused = Query::parse("limit=x").integer("limit").unwrap_err();
        assert_eq!(
            refused.message,
            "strconv.ParseInt: parsing \"x\": invalid syntax"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_decoded(text in "\\PC*") {
            let encoded: String = text.bytes().map(|it| format!("%{it:02X}")).collect();
            prop_assert_eq!(percent_decoded(&encoded), text.clone());
            let _ = Query::parse(&text);
        }
    }
}
