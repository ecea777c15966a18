//! The little of PromQL that is understood: selectors, also several joined by `or`, and how many
//! samples the busiest series has.

use super::{Matcher, Problem, Test};

/// What a query asks for.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// The series as they stand: those of the first selector, and those of the others which have
    /// labels that no series before them has.
    Series(Vec<Vec<Matcher>>),
    /// `max(count_over_time(SELECTOR[RANGE]))`, by which clients find out how often is scraped.
    MostSamples(Vec<Matcher>, i64),
}

/// Reads a query.
///
/// # Errors
/// When it is anything else.
pub(super) fn expression(text: &str) -> Result<Expression, Problem> {
    let text = text.trim();
    let inner = call(text, "max").and_then(|it| call(it, "count_over_time"));
    let Some(inner) = inner else {
        return Ok(Expression::Series(selectors(text)?));
    };
    let ranged = inner.strip_suffix(']').and_then(|it| it.rsplit_once('['));
    let (inner, range) = ranged.ok_or_else(|| beyond(text))?;
    let range = duration(range).ok_or_else(|| beyond(text))?;
    Ok(Expression::MostSamples(selector(inner)?, range))
}

/// Selectors joined by `or`.
fn selectors(text: &str) -> Result<Vec<Vec<Matcher>>, Problem> {
    let mut rest = Rest(text);
    let mut all = vec![one(&mut rest, text)?];
    while rest.take("or") {
        all.push(one(&mut rest, text)?);
    }
    match rest.0 {
        "" => Ok(all),
        _ => Err(beyond(text)),
    }
}

/// The matchers of a selector such as `up{job=~"a.*"}`.
///
/// # Errors
/// When it is none, or one that selects nothing in particular.
pub(super) fn selector(text: &str) -> Result<Vec<Matcher>, Problem> {
    match selectors(text)?.as_slice() {
        [only] => Ok(only.clone()),
        _ => Err(beyond(text)),
    }
}

/// Takes one selector off a query.
fn one(rest: &mut Rest<'_>, text: &str) -> Result<Vec<Matcher>, Problem> {
    let mut matchers = vec![];
    let name = rest.word();
    if !name.is_empty() {
        matchers.push(matcher("__name__", Test::Equal, name.to_owned())?);
    }
    if rest.take("{") {
        while !rest.take("}") {
            matchers.push(condition(rest).ok_or_else(|| beyond(text))??);
            if !rest.take(",") && !rest.0.starts_with('}') {
                return Err(beyond(text));
            }
        }
    }
    if matchers.iter().all(|it| it.selects("")) {
        let message = "vector selector must contain at least one non-empty matcher";
        return Err(Problem::bad(message));
    }
    Ok(matchers)
}

/// `5m`, `1h30m`: milliseconds, if they are more than none.
pub(super) fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 7] = [
        ("ms", 1),
        ("y", 31_536_000_000),
        ("w", 604_800_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ];
    let (mut sum, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit, length) = UNITS.iter().find(|it| after.starts_with(it.0))?;
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
        rest = after.strip_prefix(unit)?;
    }
    (sum > 0).then_some(sum)
}

/// What stands between the brackets of a call of `name`.
fn call<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(name)?.trim_start();
    Some(inner.strip_prefix('(')?.strip_suffix(')')?.trim())
}

fn beyond(text: &str) -> Problem {
    let shown: String = text.chars().take(200).collect();
    Problem::beyond(&format!("cannot evaluate {shown:?}"))
}

fn matcher(name: &str, test: Test, value: String) -> Result<Matcher, Problem> {
    Matcher::new(name, test, value).map_err(Problem::bad)
}

/// One condition; none if it is not written like one.
fn condition(rest: &mut Rest<'_>) -> Option<Result<Matcher, Problem>> {
    const TESTS: [(&str, Test); 4] = [
        ("=~", Test::Matches),
        ("!~", Test::NotMatches),
        ("!=", Test::NotEqual),
        ("=", Test::Equal),
    ];
    let name = Some(rest.word()).filter(|it| !it.is_empty())?;
    let (_, test) = TESTS.into_iter().find(|it| rest.take(it.0))?;
    Some(matcher(name, test, rest.quoted()?))
}

/// What is left to read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The name of a metric or a label; empty if there is none.
    fn word(&mut self) -> &'a str {
        let of_word = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | ':');
        let text = self.0.trim_start();
        let end = text.find(|it| !of_word(it)).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end).unwrap_or(("", text));
        self.0 = rest.trim_start();
        word
    }

    fn take(&mut self, token: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(token);
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    /// A text in quotes.
    fn quoted(&mut self) -> Option<String> {
        let quote = self
            .0
            .chars()
            .next()
            .filter(|it| matches!(it, '"' | '\''))?;
        let mut text = String::new();
        let mut chars = self.0.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    other @ ('\\' | '"' | '\'') => text.push(other),
                    _ => return None,
                },
                c if c == quote => {
                    self.0 = self.0.get(at + 1..)?.trim_start();
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn selects(text: &str, labels: &[(&'static str, &'static str)]) -> bool {
        let labels = super::super::Labels::new(labels.iter().copied());
        labels.matches(&selector(text).unwrap())
    }

    #[test]
    fn selectors_read_as_in_promql() {
        let web = [("__name__", "up"), ("job", "we\"b"), ("zone", "a")];
        let cases = [
            ("up", true),
            ("down", false),
            (r#"{__name__="up"}"#, true),
            (r#"{__name__=~"up|down", job="we\"b"}"#, true),
            (r#"up{job='we"b',zone!="b",}"#, true),
            (r#" up { zone !~ "a|b" } "#, false),
            (r#"up{missing=""}"#, true),
        ];
        for (text, expected) in cases {
            assert_eq!(selects(text, &web), expected, "{text}");
        }
    }

    #[test]
    fn the_probe_for_the_scrape_interval_is_understood() {
        let text = r#"max(count_over_time({__name__="a",namespace="x"}[900s]))"#;
        match expression(text).unwrap() {
            Expression::MostSamples(matchers, range) => {
                assert_eq!((matchers.len(), range), (2, 900_000));
            }
            Expression::Series(_) => panic!("not a selector"),
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let cases = [
            "rate(up[5m])",
            "sum(up)",
            "up + 1",
            "1+1",
            "{",
            "{a}",
            "{a=b}",
            "up{a=\"b",
            "max(count_over_time(up))",
            "up[5m]",
            "{a=\"\\q\"}",
            "{a=\"b\" c=\"d\"}",
        ];
        for text in cases {
            let problem = expression(text).unwrap_err();
            assert!(
                problem.message.contains("the sandbox has no PromQL"),
                "{text}: {problem:?}"
            );
        }
        for text in ["", "{}", r#"{a=""}"#, r#"{a=~"("}"#] {
            assert_eq!(expression(text).unwrap_err().code, 400, "{text}");
        }
    }

    #[test]
    fn durations_add_up() {
        let cases = [
            ("1h30m", Some(5_400_000)),
            ("900s", Some(900_000)),
            ("5ms", Some(5)),
            ("", None),
            ("0s", None),
            ("5", None),
            ("m", None),
            ("9223372036854775807y", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_it(text in ".{0,40}", dense in "[{}=~\"'\\\\,a(\\[\\])5sü]{0,30}") {
            let _ = (expression(&text), expression(&dense), duration(&text), duration(&dense));
        }
    }
}
