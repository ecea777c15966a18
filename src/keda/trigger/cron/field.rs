//! One field of a schedule: which minutes, hours, days or months.

/// What a field may hold, and the names for it.
pub(super) struct Bounds {
    name: &'static str,
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

pub(super) const MINUTES: Bounds = bounds("minute", 0, 59, &[]);
pub(super) const HOURS: Bounds = bounds("hour", 0, 23, &[]);
pub(super) const DAYS: Bounds = bounds("day of month", 1, 31, &[]);
pub(super) const MONTHS: Bounds = bounds(
    "month",
    1,
    12,
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
);
// Sunday is 0 only; cron's 7 is refused.
pub(super) const WEEKDAYS: Bounds = bounds(
    "day of week",
    0,
    6,
    &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
);

const fn bounds(name: &'static str, min: u64, max: u64, names: &'static [&'static str]) -> Bounds {
    Bounds {
        name,
        min,
        max,
        names,
    }
}

/// The numbers that match, as bits, and whether the field is open: `*` or `?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    pub(super) is_open: bool,
}

impl Field {
    pub(super) fn has(self, number: u32) -> bool {
        number < 64 && self.bits & (1 << number) != 0
    }

    /// Whether nothing matches.
    pub(super) fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The number that matches, if it is one alone.
    pub(super) fn only(self) -> Option<u32> {
        (self.bits.count_ones() == 1).then(|| self.bits.trailing_zeros())
    }

    /// Reads a list of numbers, ranges and steps. Empty elements are skipped, so that `,` alone
    /// never matches.
    pub(super) fn parse(text: &str, bounds: &Bounds) -> Result<Self, String> {
        let mut field = Self::default();
        for part in text.split(',').filter(|it| !it.is_empty()) {
            let part = bounds.part(part)?;
            field.bits |= part.bits;
            field.is_open |= part.is_open;
        }
        Ok(field)
    }
}

impl Bounds {
    fn part(&self, text: &str) -> Result<Field, String> {
        let Self { name, min, max, .. } = *self;
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step).ok_or_else(|| self.bad(text))?)),
            None => (text, None),
        };
        let is_star = matches!(range.split('-').next(), Some("*" | "?"));
        let (first, last) = match range.split_once('-') {
            // What follows a star in a range is not looked at.
            _ if is_star => (min, max),
            Some((first, last)) => (self.value(first, text)?, self.value(last, text)?),
            // A single number with a step reaches to the end.
            None if step.is_some() => (self.value(range, text)?, max),
            None => {
                let only = self.value(range, text)?;
                (only, only)
            }
        };
        if first < min || last > max {
            return Err(format!(
                "`{text}` is no {name}, which is from {min} to {max}"
            ));
        }
        if first > last {
            return Err(format!("`{text}` ends before it begins"));
        }
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err(format!("`{text}` has a step of 0"));
        }
        let numbers = (first..=last).step_by(step as usize);
        Ok(Field {
            bits: numbers.fold(0, |bits, it| bits | 1 << it),
            is_open: is_star && step == 1,
        })
    }

    fn value(&self, text: &str, part: &str) -> Result<u64, String> {
        let lower = text.to_lowercase();
        match self.names.iter().position(|it| *it == lower) {
            Some(index) => Ok(index as u64 + self.min),
            None => number(text).ok_or_else(|| self.bad(part)),
        }
    }

    fn bad(&self, part: &str) -> String {
        format!("`{part}` is no {}", self.name)
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}
