//! How KEDA reads the texts of metadata: numbers as JSON, everything else as Go does.

/// `1 t T TRUE true True` and `0 f F FALSE false False`, as Go's `strconv.ParseBool`.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// A whole number as JSON writes it: no plus, no leading zero, no fraction, no exponent.
pub(crate) fn json_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    is_json_whole(digits).then(|| text.parse().ok()).flatten()
}

/// A number as JSON writes it, within the range of a double.
pub(crate) fn json_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|it| it.strip_prefix(['+', '-']).unwrap_or(it));
    let rest_is_digits = [fraction, exponent].into_iter().flatten().all(is_digits);
    if !is_json_whole(whole) || !rest_is_digits {
        return None;
    }
    text.parse().ok().filter(|it: &f64| it.is_finite())
}

/// `text` for the query of a URL, as forms write it: a space is a plus.
pub(crate) fn form_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn is_json_whole(digits: &str) -> bool {
    is_digits(digits) && (digits == "0" || !digits.starts_with('0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers_are_those_of_json() {
        let table = [
            ("10", Some(10)),
            ("-5", Some(-5)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("", None),
            ("-", None),
            ("+5", None),
            ("007", None),
            ("10.0", None),
            ("1e2", None),
            ("1_000", None),
            ("null", None),
            ("\"5\"", None),
        ];
        for (text, expected) in table {
            assert_eq!(json_integer(text), expected, "{text}");
        }
    }

    #[test]
    fn floats_are_those_of_json() {
        let table = [
            ("1e3", Some(1000.0)),
            ("1.5E-1", Some(0.15)),
            ("-2.0", Some(-2.0)),
            (".5", None),
            ("5.", None),
            ("+5", None),
            ("00.5", None),
            ("NaN", None),
            ("inf", None),
            ("1e", None),
            ("1e400", None),
            ("0x10", None),
        ];
        for (text, expected) in table {
            assert_eq!(json_float(text), expected, "{text}");
        }
    }

    #[test]
    fn booleans_have_twelve_spellings() {
        assert_eq!(boolean("T"), Some(true));
        assert_eq!(boolean("FALSE"), Some(false));
        for text in ["", "yes", "on", "tRUE", " true"] {
            assert_eq!(boolean(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_json_calls_a_number_is_one(value: f64) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(json_float(&serde_json::to_string(&value).unwrap()), Some(value));
        }

        // A JSON library that is faster than it is exact may be off in the last digit.
        #[test]
        fn numbers_and_only_those_are_accepted(text in "[-+0-9.eE]{0,8}") {
            let json: Option<f64> = serde_json::from_str(&text).ok();
            let ours = json_float(&text);
            prop_assert_eq!(ours.is_some(), json.is_some(), "{}", text);
            let (ours, json) = (ours.unwrap_or(0.0), json.unwrap_or(0.0));
            prop_assert!((ours - json).abs() <= ours.abs() * 1e-15, "{}: {} {}", text, ours, json);
        }
    }
}
