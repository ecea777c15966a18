//! Which numbers prose may have: those of the evidence, as people write them.
//!
//! A number of the evidence may be rounded, stand in another unit of time, and lose its sign; a time of the
//! day has to be one of those at which a window begins or ends ([`clock`]). Whatever cannot be told for one
//! of them is refused: fractions in words, dates, digits of other scripts, words with digits that are no
//! name.

mod clock;

use serde_json::Value;

/// A number of the evidence, with what it is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fact {
    value: f64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    /// Pods, events, cores: anything that is counted.
    Plain,
    Percent,
    /// One of these has so many seconds.
    Time(f64),
    Dollars,
}

/// The numbers of a question, its times of the day, and the words of its keys that have digits, such as
/// `p95`.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    numbers: Vec<Fact>,
    /// In minutes since midnight.
    clocks: Vec<u32>,
    words: Vec<String>,
}

impl Facts {
    /// All numbers below `value`. What each is of is told by the last word of its key: `Percent`, `Hours`,
    /// `Usd`, or `_s`, as keys of settings have it; of an array, by the key of the array.
    pub(super) fn of(value: &Value) -> Self {
        let mut facts = Self::default();
        facts.collect("", value);
        facts
    }

    fn collect(&mut self, key: &str, value: &Value) {
        match value {
            Value::Number(number) => self.add(key, number.as_f64()),
            // No other text is a number: some are names, which anybody may choose.
            Value::String(text) => self.clocks.extend(clock::of_evidence(key, text)),
            Value::Array(items) => items.iter().for_each(|it| self.collect(key, it)),
            Value::Object(fields) => {
                // Of a change, the setting says what both numbers are of.
                let setting = fields.get("setting").and_then(Value::as_str);
                for (name, value) in fields {
                    self.collect(setting.unwrap_or(name), value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
        let has = |it: &String, what: fn(&char) -> bool| it.chars().any(|it| what(&it));
        let words = words_of(key)
            .filter(|it| has(it, char::is_ascii_digit) && has(it, char::is_ascii_alphabetic));
        self.words.extend(words);
    }

    fn add(&mut self, key: &str, value: Option<f64>) {
        if let Some(value) = value.filter(|it| it.is_finite()) {
            let unit = unit_of_key(key);
            self.numbers.push(Fact { value, unit });
        }
    }

    fn has(&self, claim: &Claim) -> bool {
        self.numbers.iter().any(|it| claim.is_of(*it))
    }
}

/// The words of a key in lower case: `p95UtilizationPercent` has `p95`, `utilization` and `percent`.
fn words_of(key: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    for letter in key.chars() {
        if letter.is_ascii_uppercase() || letter == '_' {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| letter != '_') {
            last.push(letter.to_ascii_lowercase());
        }
    }
    words.into_iter().filter(|it| !it.is_empty())
}

fn unit_of_key(key: &str) -> Unit {
    // `minutesPerDay` are minutes, and `flapsPerDay` no days.
    let words = || words_of(key).take_while(|it| it != "per");
    let units = words().filter_map(|it| match it.as_str() {
        "pct" | "percent" => Some(Unit::Percent),
        "usd" => Some(Unit::Dollars),
        "s" | "seconds" | "minutes" | "hours" | "days" => unit(&it),
        // `minReplicas` are no minutes.
        _ => None,
    });
    // `coreMinutes` are an amount, and no time.
    let is_amount = words().any(|it| it == "core" || it == "replica");
    match units.last() {
        Some(Unit::Time(_)) if is_amount => Unit::Plain,
        Some(unit) => unit,
        None => Unit::Plain,
    }
}

/// What stands behind a number, in lower case.
fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "%" | "percent" | "percentage" => Unit::Percent,
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Time(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Time(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Time(3600.0),
        "d" | "day" | "days" => Unit::Time(86_400.0),
        "week" | "weeks" => Unit::Time(604_800.0),
        "usd" | "dollar" | "dollars" => Unit::Dollars,
        _ => return None,
    })
}

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
struct Claim {
    value: f64,
    /// Digits after the point.
    digits: i32,
    unit: Unit,
}

/// Above this a number may be cut off instead of rounded: 97.6% is "97%" too.
const CUT_FROM: f64 = 10.0;

impl Claim {
    fn is_of(&self, fact: Fact) -> bool {
        let value = fact.value.abs();
        match (self.unit, fact.unit) {
            (Unit::Time(written), Unit::Time(meant)) => self.reads(value * meant / written),
            (Unit::Percent, Unit::Percent) | (Unit::Dollars, Unit::Dollars) => self.reads(value),
            // What it is of may be told elsewhere in the sentence.
            (Unit::Plain, _) => self.reads(value),
            (Unit::Time(_) | Unit::Percent | Unit::Dollars, _) => false,
        }
    }

    /// Whether this is how somebody would write `value`.
    fn reads(&self, value: f64) -> bool {
        let scale = 10_f64.powi(self.digits);
        let is = |it: f64| (it - self.value).abs() < 1e-9 * it.abs().max(1.0);
        let rounded = (value * scale).round() / scale;
        let cut = (value * scale).floor() / scale;
        is(rounded) || value >= CUT_FROM && is(cut)
    }
}

/// The first thing in `text` that is a number and none of `facts`. Names are not in `text` any more.
pub(super) fn unknown(text: &str, facts: &Facts) -> Option<String> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    for (place, token) in tokens.iter().enumerate() {
        let before = place.checked_sub(1).map(|it| bare(tokens[it]));
        let after = tokens.get(place + 1).map_or("", |it| bare(it));
        let is_known = match token.contains(char::is_numeric) {
            true => has_known_digits(token, after, facts),
            false => has_known_words(bare(token), before.unwrap_or_default(), facts),
        };
        if !is_known {
            return Some(bare(token).to_owned());
        }
    }
    None
}

/// Without the punctuation around it.
fn bare(token: &str) -> &str {
    token.trim_matches(|it: char| !it.is_alphanumeric() && !"%$".contains(it))
}

/// Between two numbers: `3-5`, `6→3`; and between a number and its unit: `14-day`. A colon, too, where it
/// stands in no time of the day.
const BETWEEN: [char; 11] = ['-', '–', '—', '→', '>', '/', '=', '~', '≈', '(', ')'];

/// What stands between them.
fn parts_of(text: &str, is_between: impl Fn(char) -> bool) -> Vec<&str> {
    let parts = text.split(is_between).map(bare);
    parts.filter(|it| !it.is_empty()).collect()
}

fn has_known_digits(token: &str, after: &str, facts: &Facts) -> bool {
    let parts = parts_of(token, |it| BETWEEN.contains(&it));
    parts.iter().enumerate().all(|(place, part)| {
        let next = parts.get(place + 1).copied().unwrap_or(after);
        match clock::of_prose(part, next) {
            Some(minute) => facts.clocks.contains(&minute),
            None => has_known_numbers(part, next, facts),
        }
    })
}

fn has_known_numbers(text: &str, after: &str, facts: &Facts) -> bool {
    let parts = parts_of(text, |it| it == ':');
    parts.iter().enumerate().all(|(place, part)| {
        let next = parts.get(place + 1).copied().unwrap_or(after);
        !part.contains(char::is_numeric)
            || facts.words.contains(&part.to_ascii_lowercase())
            || claim(part, next).is_some_and(|it| facts.has(&it))
    })
}

/// `1,234.5`, `$12`, `30s`, `38%`; or a number whose unit is the `next` word.
fn claim(part: &str, next: &str) -> Option<Claim> {
    let (is_money, part) = match part.strip_prefix('$') {
        Some(rest) => (true, rest),
        None => (false, part),
    };
    let end = part.find(|it: char| !it.is_ascii_digit() && it != '.' && it != ',');
    let (number, suffix) = part.split_at(end.unwrap_or(part.len()));
    let (value, digits) = number_of(number.trim_end_matches(['.', ',']))?;
    let unit = match suffix {
        _ if is_money => suffix.is_empty().then_some(Unit::Dollars)?,
        "" => unit(&next.to_lowercase()).unwrap_or(Unit::Plain),
        suffix => unit(&suffix.to_lowercase())?,
    };
    Some(Claim {
        value,
        digits,
        unit,
    })
}

/// Its value and how many digits are after the point.
fn number_of(text: &str) -> Option<(f64, i32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_fraction = fraction.chars().all(|it| it.is_ascii_digit());
    let groups: Vec<&str> = whole.split(',').collect();
    let is_grouped = groups.iter().skip(1).all(|it| it.len() == 3) && groups[0].len() <= 3;
    if !is_fraction || groups.len() > 1 && !is_grouped {
        return None;
    }
    let value = format!("{}.{fraction}", groups.concat());
    let value = value.trim_end_matches('.').parse().ok()?;
    Some((value, i32::try_from(fraction.len()).ok()?))
}

/// Counts in words. `one` is as often a pronoun.
const WORDS: [(&str, f64); 30] = [
    ("zero", 0.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
    ("hundred", 100.0),
    ("thousand", 1e3),
    ("million", 1e6),
];

/// Amounts of which nobody can say what they are of.
const VAGUE: [&str; 21] = [
    "half",
    "halve",
    "halves",
    "halved",
    "halving",
    "double",
    "doubles",
    "doubled",
    "doubling",
    "triple",
    "triples",
    "tripled",
    "tripling",
    "quadruple",
    "twice",
    "thrice",
    "dozen",
    "dozens",
    "hundreds",
    "thousands",
    "millions",
];

/// Parts, where a number or an article stands before them.
const PARTS: [&str; 8] = [
    "third", "thirds", "quarter", "quarters", "fifth", "fifths", "tenth", "tenths",
];

fn has_known_words(token: &str, before: &str, facts: &Facts) -> bool {
    let (before, lower) = (before.to_lowercase(), token.to_lowercase());
    let words = parts_of(&lower, |it| it == ':' || BETWEEN.contains(&it));
    let is_part = |place: usize| {
        let before = place.checked_sub(1).map_or(&*before, |it| words[it]);
        let is_amount = ["a", "one"].contains(&before) || value_of(before).is_some();
        // A third party is none.
        place + 1 == words.len() && is_amount && PARTS.contains(&words[place])
    };
    words.iter().enumerate().all(|(place, word)| {
        let claim = |value| Claim {
            value,
            digits: 0,
            unit: Unit::Plain,
        };
        !VAGUE.contains(word)
            && !is_part(place)
            && value_of(word).is_none_or(|it| facts.has(&claim(it)))
    })
}

fn value_of(word: &str) -> Option<f64> {
    WORDS.iter().find(|it| it.0 == word).map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unknown_in(text: &str) -> Option<String> {
        let facts = Facts::of(&json!({
            "today": {"minReplicas": 6, "scaleDownWindowSeconds": 300},
            "changes": [
                {"setting": "min_replicas", "from": 6, "to": 3},
                {"setting": "target_cpu_pct", "from": 50, "to": 65},
                {"setting": "scale_down_cooldown_s", "from": 300, "to": 600},
                {"setting": "trigger_thresholds", "from": {"0": 25}, "to": {"0": 40}},
                {"setting": "schedule", "from": [], "to": [{
                    "days": "Mon-Fri", "daysPerWeek": 5, "start": "07:50", "end": "13:00",
                    "lasts": {"hours": 5, "minutes": 10}, "durationMinutes": 310, "minReplicas": 9,
                }]},
            ],
            "name": "1000",
            "savingPercent": -37.6,
            "usdPerMonth": 182.4,
            "replicaHours": 1234.0,
            "shortfallMinutes": 138.0,
            "p95UtilizationPercent": 31.2,
            "historyDays": 14.0,
        }));
        unknown(text, &facts)
    }

    #[test]
    fn numbers_of_the_evidence_are_read_as_people_write_them() {
        for text in [
            "The floor falls from 6 to 3 (6→3, 6->3, 3-6).",
            "It saves 37.6%, 38 percent, about 37 %, or 38-percent.",
            "About $182 or 182 USD a month, $182.40 to be exact.",
            "1,234 replica-hours, 1234 of them.",
            "2.3 hours of shortfall, 138 minutes, 138min.",
            "A window of 5 minutes becomes one of 10m, 600s, 600 seconds.",
            "The p95 is 31.2%, of a 14-day history.",
            "The threshold rises from 25 to 40.",
            "At least 9 replicas on Mon-Fri 07:50-13:00, five days a week.",
            "From 7:50 AM (7:50) until 1 p.m., 13:00, for 5 h 10 min, 5 hours and 10 minutes, or 310 min.",
            "three replicas are enough, no one is hurt",
            "No numbers at all, a third-party view, and a second opinion.",
        ] {
            assert_eq!(unknown_in(text), None, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_told() {
        for (text, found) in [
            ("Set it to 4.", "4"),
            ("Saves 37.5%.", "37.5%"),
            ("Saves 6%.", "6%"),
            ("Saves $37.6 a month.", "$37.6"),
            ("The window is 6 minutes.", "6"),
            ("Use 1000 replicas", "1000"),
            // Whoever wants a round number could find one near to it.
            ("About 1200 replica-hours", "1200"),
            ("Between 3-7 pods", "3-7"),
            ("At 14:30 UTC", "14:30"),
            // Minutes and hours of times do not make other times.
            ("From 07:00", "07:00"),
            ("From 13:50 on", "13:50"),
            ("At 7:50 pm", "7:50"),
            ("Until 1 AM", "1"),
            ("From 07:50-14:00", "07:50-14:00"),
            ("For 7 hours", "7"),
            ("Since 2026-03-12", "2026-03-12"),
            ("It halves the cost", "halves"),
            ("Twice the pods", "Twice"),
            ("A third of it", "third"),
            ("forty-two pods", "forty-two"),
            ("six hundred pods", "hundred"),
            ("Use v2 of it", "v2"),
            ("2x the load", "2x"),
            ("½ of it", "½"),
            ("٣ pods", "٣"),
            ("1.2.3", "1.2.3"),
            ("1,5 hours", "1,5"),
            ("3e2", "3e2"),
            ("max=1000", "max=1000"),
        ] {
            assert_eq!(unknown_in(text).as_deref(), Some(found), "{text}");
        }
    }
}
