//! Settings of an HPA and of its pods, within what the API server admits.

use jiff::SignedDuration;

use super::times::length;
use super::{Words, in_range, share};
use crate::autoscaler::behavior::{Amount, Policy, Select};
use crate::sim::demand::Shape;
use crate::units::{Cores, Quantity, QuantityError, Replicas};

/// The highest count or percentage: the API has 32 bits with a sign.
const MOST: u32 = i32::MAX as u32;
/// Seconds: the API server refuses more.
const LONGEST_WINDOW: u32 = 3600;
const LONGEST_PERIOD: u32 = 1800;
/// Seconds of a day: what takes longer does not scale with the load of the day.
const LONGEST_STARTUP: u32 = 86_400;
/// More than any node has.
const MOST_CORES: f64 = 10_000.0;

/// A number of replicas that an HPA may have as its limit. Zero needs a feature gate that is off.
pub(crate) fn replicas(text: &str) -> Result<Replicas, String> {
    in_range(text, 1, MOST, "whole number of replicas").map(Replicas)
}

/// The same for a minimum, which may be zero where KEDA scales.
pub(crate) fn minimum(text: &str) -> Result<Replicas, String> {
    in_range(text, 0, MOST, "whole number of replicas").map(Replicas)
}

/// What one replica is for, of a trigger: `orders=50`.
pub(crate) fn threshold(text: &str) -> Result<(String, f64), String> {
    let wanted = "expected a trigger and a number above 0, such as orders=50 or 0=50";
    let (name, number) = text.split_once('=').ok_or(wanted)?;
    let number: f64 = number.parse().map_err(|_| wanted)?;
    let is_good = !name.is_empty() && number.is_finite() && number > 0.0;
    is_good
        .then(|| (name.to_owned(), number))
        .ok_or_else(|| wanted.to_owned())
}

/// A cooldown period in whole seconds.
pub(crate) fn cooldown_period(text: &str) -> Result<u32, String> {
    let seconds = whole_seconds(text).filter(|it| *it <= MOST);
    seconds.ok_or_else(|| format!("expected whole seconds such as 300s or 5m, from 0 to {MOST}s"))
}

/// A polling interval in whole seconds.
pub(crate) fn polling_interval(text: &str) -> Result<u32, String> {
    let seconds = whole_seconds(text).filter(|it| (1..=MOST).contains(it));
    seconds.ok_or_else(|| format!("expected whole seconds such as 30s or 1m, from 1s to {MOST}s"))
}

/// A target utilization as `65%`. The sign is needed, since kubectl takes a bare number for an
/// amount.
pub(crate) fn percent(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').and_then(|it| it.parse().ok());
    let allowed = number.filter(|it| (1..=MOST).contains(it));
    allowed
        .ok_or_else(|| format!("expected a percentage of the request such as 65%, 1% to {MOST}%"))
}

/// A stabilization window in whole seconds.
pub(crate) fn stabilization_window(text: &str) -> Result<u32, String> {
    let wanted =
        || format!("expected whole seconds such as 600s or 10m, from 0 to {LONGEST_WINDOW}s");
    let seconds = whole_seconds(text).ok_or_else(wanted)?;
    (seconds <= LONGEST_WINDOW)
        .then_some(seconds)
        .ok_or_else(wanted)
}

/// A scaling policy as `4pods/15s` or `100%/1m`.
pub(crate) fn policy(text: &str) -> Result<Policy, String> {
    let wanted = || {
        format!(
            "expected a policy such as 4pods/15s or 100%/1m: at least 1 pod or 1% in a period of \
             1s to {LONGEST_PERIOD}s"
        )
    };
    let (amount, period) = text.split_once('/').ok_or_else(wanted)?;
    let period_seconds = whole_seconds(period.trim()).ok_or_else(wanted)?;
    let amount = amount_of_policy(amount.trim()).ok_or_else(wanted)?;
    if !(1..=LONGEST_PERIOD).contains(&period_seconds) {
        return Err(wanted());
    }
    Ok(Policy {
        amount,
        period_seconds,
    })
}

fn amount_of_policy(text: &str) -> Option<Amount> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let number = number.parse().ok().filter(|it| (1..=MOST).contains(it))?;
    match unit.trim() {
        "%" => Some(Amount::Percent(number)),
        "pod" | "pods" => Some(Amount::Pods(number)),
        _ => None,
    }
}

/// A tolerance as `0.05` or `5%`.
pub(crate) fn tolerance(text: &str) -> Result<Quantity, String> {
    // The shortest decimal that reads back, which a quantity reads too.
    let decimal = share(text)?.to_string();
    decimal
        .parse()
        .map_err(|err: QuantityError| err.to_string())
}

/// How long a pod takes until it serves.
pub(crate) fn startup(text: &str) -> Result<SignedDuration, String> {
    let length = whole_seconds(text).filter(|it| *it <= LONGEST_STARTUP);
    let length = length.map(|it| SignedDuration::from_secs(i64::from(it)));
    length.ok_or_else(|| {
        format!("expected whole seconds such as 40s or 2m, from 0 to {LONGEST_STARTUP}s")
    })
}

/// CPU that a pod asks for or may use.
pub(crate) fn cores(text: &str) -> Result<Cores, String> {
    let quantity: Option<Quantity> = text.parse().ok();
    let cores = quantity.map(Quantity::as_f64);
    let allowed = cores.filter(|it| (0.001..=MOST_CORES).contains(it));
    allowed
        .map(Cores)
        .ok_or_else(|| format!("expected an amount of CPU such as 500m or 1.5, 1m to {MOST_CORES}"))
}

fn whole_seconds(text: &str) -> Option<u32> {
    let length = length(text).filter(|it| it.subsec_nanos() == 0)?;
    u32::try_from(length.as_secs()).ok()
}

pub(crate) const SELECTS: Words<Select> = Words(&[
    ("max", Select::Max),
    ("min", Select::Min),
    ("disabled", Select::Disabled),
]);

pub(crate) const SHAPES: Words<Shape> = Words(&[
    ("held", Shape::Held),
    ("linear", Shape::Linear),
    ("burst", Shape::Burst),
]);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn settings_of_an_hpa_are_what_the_api_server_admits() {
        assert_eq!(replicas("2147483647"), Ok(Replicas(2_147_483_647)));
        assert_eq!(percent("65%"), Ok(65));
        assert_eq!(stabilization_window("1h"), Ok(3600));
        assert_eq!(stabilization_window("0"), Ok(0));
        assert_eq!(startup("1m30s"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(cores("250m"), Ok(Cores(0.25)));
        assert_eq!(tolerance("5%"), Ok("50m".parse().unwrap()));
        for bad in ["0", "-1", "2147483648", "1.5", "two", ""] {
            assert!(
                replicas(bad).unwrap_err().contains("from 1 to 2147483647"),
                "{bad}"
            );
        }
        for bad in ["65", "0%", "-1%", "6.5%", "%", "2147483648%", ""] {
            assert!(percent(bad).unwrap_err().contains("1% to"), "{bad}");
        }
        for bad in ["3601", "61m", "1.5s", "-1s", "soon", ""] {
            let refused = stabilization_window(bad).unwrap_err();
            assert!(refused.contains("from 0 to 3600s"), "{bad}");
        }
        for bad in ["25h", "0.5s", "-1s", ""] {
            assert!(startup(bad).is_err(), "{bad}");
        }
        for bad in ["0", "-1", "much", "100u", "1e6", ""] {
            assert!(cores(bad).is_err(), "{bad}");
        }
        for bad in ["-0.1", "101%", "x"] {
            assert!(tolerance(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn policies_are_written_as_they_are_printed() {
        let cases = [
            ("4pods/15s", Amount::Pods(4), 15),
            ("1 pod/60", Amount::Pods(1), 60),
            ("100%/15s", Amount::Percent(100), 15),
            ("10% / 30m", Amount::Percent(10), 1800),
        ];
        for (text, amount, period_seconds) in cases {
            let expected = Policy {
                amount,
                period_seconds,
            };
            assert_eq!(policy(text), Ok(expected), "{text}");
            assert_eq!(policy(&expected.to_string()), Ok(expected), "{expected}");
        }
        for bad in [
            "",
            "4pods",
            "4/15s",
            "0pods/15s",
            "4pods/0s",
            "4pods/1801s",
            "4pods/1.5s",
            "pods/15s",
            "4pots/15s",
            "0%/15s",
            "-1%/15s",
            "4pods/15s/2",
        ] {
            let refused = policy(bad).unwrap_err();
            assert!(refused.contains("1s to 1800s"), "{bad}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (replicas(&text), percent(&text), stabilization_window(&text), policy(&text));
            let _ = (tolerance(&text), startup(&text), cores(&text));
        }
    }
}
