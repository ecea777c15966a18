//! Figures as documents for people tell them.

/// A whole number with its thousands apart: `1,234,567`.
pub(super) fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    // No digit but zeros: minus nothing is nothing.
    let is_negative = value < 0.0 && digits != "0";
    if is_negative {
        format!("−{text}")
    } else {
        text
    }
}

/// To a tenth where that is a part worth telling: `0.4`, `12.5`, `1,204`.
pub(super) fn amount(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if tenths.abs() >= 100.0 || tenths.fract() == 0.0 {
        whole(tenths)
    } else if tenths < 0.0 {
        format!("−{:.1}", tenths.abs())
    } else {
        format!("{tenths:.1}")
    }
}

/// A share of one as whole percent: `8%`, `−12%`; less than half a percent is `0%`.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", whole((share * 100.0).round()))
}

/// Without what a terminal would obey: in a cluster, anybody may have written it. What divides
/// words or lines is a blank.
pub(super) fn printable(text: &str) -> String {
    let blanks = |it: char| if it.is_whitespace() { ' ' } else { it };
    let shown = text.chars().map(blanks);
    shown.filter(|it| !it.is_control()).collect()
}

/// US dollars: `$0.42`, `$1,200`.
pub(super) fn dollars(usd: f64) -> String {
    let sign = if usd < 0.0 { "−" } else { "" };
    let amount = usd.abs();
    if amount < 100.0 {
        format!("{sign}${amount:.2}")
    } else {
        format!("{sign}${}", whole(amount))
    }
}

/// A length in minutes in the units that people count it in: `0 min`, `45 min`, `2 h 15 min`, `3 d 4 h`.
pub(super) fn minutes(minutes: f64) -> String {
    if minutes > 0.0 && minutes < 1.0 {
        return "under 1 min".to_owned();
    }
    let all = minutes.max(0.0).round() as u64;
    let (days, hours, rest) = (all / 1440, all % 1440 / 60, all % 60);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// `1 day`, `13.5 days`.
pub(super) fn days(days: f64) -> String {
    match amount(days) {
        one if one == "1" => "1 day".to_owned(),
        many => format!("{many} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let told = [0.0, 7.4, 999.5, 1_234.0, -1_234_567.0, -0.2].map(whole);
        assert_eq!(told, ["0", "7", "1,000", "1,234", "−1,234,567", "0"]);
        let told = [0.0, 0.44, -0.04, 12.34, -12.34, 100.4, 43.0].map(amount);
        assert_eq!(told, ["0", "0.4", "0", "12.3", "−12.3", "100", "43"]);
    }

    #[test]
    fn shares_and_money_have_their_sign() {
        assert_eq!([0.078, -0.124, -0.004].map(percent), ["8%", "−12%", "0%"]);
        assert_eq!(
            [0.42, 58.4, -1_200.3].map(dollars),
            ["$0.42", "$58.40", "−$1,200"]
        );
    }

    #[test]
    fn lengths_are_told_in_two_units_at_most() {
        let told = [0.0, 0.25, 45.0, 60.0, 135.2, 1_440.0, 4_580.0].map(minutes);
        let expected = [
            "0 min",
            "under 1 min",
            "45 min",
            "1 h",
            "2 h 15 min",
            "1 d",
            "3 d 4 h",
        ];
        assert_eq!(told, expected);
        assert_eq!(
            [1.0, 13.5, 14.0].map(days),
            ["1 day", "13.5 days", "14 days"]
        );
    }
}
