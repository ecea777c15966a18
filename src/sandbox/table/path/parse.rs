//! Reading of JSON paths.

use serde_json::{Value, json};

use super::{End, Slice, Step, Test};

/// How often brackets may be nested.
const MOST_NESTED: usize = 8;

/// The steps of a path; `nested` says within how many brackets it stands.
pub(super) fn steps(text: &str, nested: usize) -> Option<Vec<Step>> {
    if nested > MOST_NESTED {
        return None;
    }
    let mut steps = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            ' ' | '@' | '$' => rest.get(1..)?,
            '.' => dotted(rest, &mut steps)?,
            '[' if rest.starts_with("[?(") => filter(rest, &mut steps, nested)?,
            '[' => bracket(rest, &mut steps, nested)?,
            '"' | '\'' => quoted(rest, &mut steps)?,
            _ => literal(rest, &mut steps)?,
        };
    }
    Some(steps)
}

/// `.name`, `.*` or `..`.
fn dotted<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let rest = text.strip_prefix('.')?;
    let rest = match rest.strip_prefix('.') {
        Some(_) if steps.last() == Some(&Step::Recursive) => return None,
        Some(rest) => {
            steps.push(Step::Recursive);
            let names = |it: char| it == '_' || it.is_alphanumeric();
            match rest.starts_with(names) {
                true => rest,
                false => return Some(rest),
            }
        }
        None => rest,
    };
    let end = word_end(rest);
    let (name, rest) = rest.split_at(end);
    steps.push(match name {
        "*" => Step::Wildcard,
        name => Step::Field(name.replace('\\', "")),
    });
    Some(rest)
}

/// Where a name ends: at the first character that a backslash does not protect and that no name
/// has.
fn word_end(text: &str) -> usize {
    let mut is_escaped = false;
    let ends = |it: char| " \t\r\n.,[]$@{}".contains(it);
    let found = text.find(|it: char| {
        let found = !is_escaped && ends(it);
        is_escaped = !is_escaped && it == '\\';
        found
    });
    found.unwrap_or(text.len())
}

/// What stands in brackets.
fn bracket<'a>(text: &'a str, steps: &mut Vec<Step>, nested: usize) -> Option<&'a str> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    if inner.contains(',') {
        let parts = inner
            .split(',')
            .map(|it| format!("[{}]", it.trim_matches(' ')));
        let parts = parts.map(|it| self::steps(&it, nested + 1));
        steps.push(Step::Union(parts.collect::<Option<_>>()?));
        return Some(rest);
    }
    let key = inner
        .strip_prefix('\'')
        .and_then(|it| it.strip_suffix('\''));
    match key.filter(|it| !it.contains('\'')) {
        // A dot in the key is one of the path, as surprising as that is.
        Some(key) => steps.extend(self::steps(&format!(".{key}"), nested + 1)?),
        None => steps.push(Step::Slice(slice(inner)?)),
    }
    Some(rest)
}

fn slice(text: &str) -> Option<Slice> {
    if text == "*" {
        return Some(Slice::default());
    }
    let number = |it: &str| match it {
        "" => Some(None),
        it => Some(Some(it.parse::<i64>().ok()?)),
    };
    let mut parts = text.split(':');
    let start = number(parts.next()?)?;
    let end = match parts.next() {
        None => End::BehindStart(start.unwrap_or(0).checked_add(1)?),
        Some(text) => number(text)?.map_or(End::Open, End::At),
    };
    let step = number(parts.next().unwrap_or(""))?;
    let whole = Slice { start, end, step };
    parts.next().is_none().then_some(whole)
}

/// `[?(left op right)]` or `[?(left)]`.
fn filter<'a>(text: &'a str, steps: &mut Vec<Step>, nested: usize) -> Option<&'a str> {
    let text = text.strip_prefix("[?(")?;
    let end = filter_end(text)?;
    let (inner, rest) = (text.get(..end)?, text.get(end..)?.strip_prefix(")]")?);
    let signs = |it: char| "!<>=".contains(it);
    let compared = inner.find(signs).filter(|at| *at > 0).and_then(|at| {
        let (left, rest) = inner.split_at(at);
        let length = rest.find(|it| !signs(it))?;
        Some((left, rest.split_at(length)))
    });
    steps.push(match compared {
        None => Step::Exists(self::steps(inner, nested + 1)?),
        Some((left, (sign, right))) => Step::Filter(
            self::steps(left, nested + 1)?,
            test(sign)?,
            self::steps(right, nested + 1)?,
        ),
    });
    Some(rest)
}

/// Where the parenthesis of a filter ends: not within quotes, of which there is one pair at most.
fn filter_end(text: &str) -> Option<usize> {
    let (mut quote, mut is_closed, mut before) = (None, false, ' ');
    for (at, it) in text.char_indices() {
        match it {
            '"' | '\'' if quote.is_none() => quote = Some(it),
            _ if quote == Some(it) && before != '\\' => is_closed = true,
            ')' if quote.is_some() == is_closed => return Some(at),
            _ => {}
        }
        before = it;
    }
    None
}

fn test(sign: &str) -> Option<Test> {
    Some(match sign {
        "<" => Test::Less,
        "<=" => Test::LessOrEqual,
        "==" => Test::Equal,
        "!=" => Test::NotEqual,
        ">=" => Test::GreaterOrEqual,
        ">" => Test::Greater,
        _ => return None,
    })
}

fn quoted<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let quote = text.chars().next()?;
    let mut value = String::new();
    let mut all = text.char_indices().skip(1);
    while let Some((at, it)) = all.next() {
        match it {
            '\\' => value.push(all.next()?.1),
            it if it == quote => {
                steps.push(Step::Literal(json!(value)));
                return text.get(at + 1..);
            }
            it => value.push(it),
        }
    }
    None
}

/// A number or a boolean.
fn literal<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let digits = |it: char| it.is_ascii_digit() || it == '.';
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = match unsigned.find(|it| !digits(it)).unwrap_or(unsigned.len()) {
        0 => word_end(text),
        length => text.len() - unsigned.len() + length,
    };
    let (word, rest) = text.split_at(end);
    let number = || match word.parse::<i64>() {
        Ok(whole) => Some(json!(whole)),
        Err(_) if unsigned.starts_with(digits) => Some(json!(word.parse::<f64>().ok()?)),
        Err(_) => None,
    };
    let value = match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number()?,
    };
    steps.push(Step::Literal(value));
    Some(rest)
}
