//! Short names for what a recommendation says, to tell whether it still says the same.
//!
//! 128 bits of FNV-1a over canonical JSON: the same on every machine and in every release. It guards
//! against oversight, not against people who look for two proposals with one fingerprint; those may
//! as well approve what they like.

use serde_json::{Value, json};

use super::{Proposal, Record};
use crate::lifecycle::diff::Setting;

impl Record {
    /// Of all that people may edit: what is recommended for which autoscaler, and how it is
    /// presented. Numbers that follow from the analysis are left out, so that an API server may
    /// round them.
    pub fn fingerprint(&self) -> String {
        let Proposal {
            uid: _,
            scales: _,
            analyzed_at: _,
            risk,
            summary,
            saving_usd: _,
            saving_share: _,
            diff,
            schedule,
            schedule_before,
            losses: _,
            evidence: _,
            findings: _,
        } = &self.proposal;
        of(&json!({
            "kind": self.autoscaler.kind.qualified(),
            "name": self.autoscaler.name,
            "risk": risk.to_string(),
            "summary": summary,
            "diff": settings(diff),
            "schedule": schedule,
            "scheduleBefore": some(schedule_before),
        }))
    }

    /// Whether it says something else than what an analysis wrote, as far as that is known.
    pub fn is_edited(&self) -> bool {
        self.status.observed.as_ref() != Some(&self.fingerprint())
    }
}

impl Proposal {
    /// Whether it says the same as `other` but for the time, however it was stored meanwhile.
    pub(in crate::lifecycle) fn says_the_same(&self, other: &Self) -> bool {
        self.content() == other.content()
    }

    fn content(&self) -> String {
        let Self {
            uid,
            scales,
            analyzed_at: _,
            risk,
            summary,
            saving_usd,
            saving_share,
            diff,
            schedule,
            schedule_before,
            losses,
            evidence,
            findings,
        } = self;
        of(&json!([
            [uid, scales, risk, summary, saving_usd, saving_share],
            settings(diff),
            [schedule, schedule_before],
            losses,
            evidence,
            findings,
        ]))
    }

    /// A fingerprint of what is proposed: the settings with their old and new values, and the
    /// schedule.
    pub fn inputs(&self) -> String {
        of(&json!({
            "diff": settings(&self.diff),
            "schedule": self.schedule,
            "scheduleBefore": some(&self.schedule_before),
        }))
    }
}

/// Nothing at all where there are none, as before they were told.
fn some(windows: &[Value]) -> Option<&[Value]> {
    Some(windows).filter(|it| !it.is_empty())
}

fn settings(diff: &[Setting]) -> Vec<Value> {
    let one = |it: &Setting| json!([it.key.as_str(), it.from, it.to]);
    diff.iter().map(one).collect()
}

fn of(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    format!("{:032x}", fnv1a(text.as_bytes()))
}

/// FNV-1a with 128 bits (Fowler, Noll, Vo; RFC 9923).
fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mix = |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(OFFSET, mix)
}

/// JSON with sorted keys and without members that are null, which API servers and clients drop;
/// `2.0` is `2`, as Go writes it. Fractions have ten digits: the last ones may change when they are
/// stored and read.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|it| !it.1.is_null()).collect();
            fields.sort_by_key(|it| it.0);
            text.push('{');
            for (key, value) in fields {
                *text += &json!(key).to_string();
                text.push(':');
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Number(number) => match whole(number.as_f64()) {
            Some(whole) if number.is_f64() => *text += &whole.to_string(),
            None if number.is_f64() => *text += &format!("{:.9e}", number.as_f64().unwrap_or(0.0)),
            Some(_) | None => *text += &number.to_string(),
        },
        Value::Null | Value::Bool(_) | Value::String(_) => *text += &value.to_string(),
    }
}

/// `number` where it is whole and no other whole number is as near to it.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
fn whole(number: Option<f64>) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    number
        .filter(|it| it.fract() == 0.0 && it.abs() < EXACT)
        .map(|it| it as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        // RFC 9923, appendix C.
        assert_eq!(fnv1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv1a(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn what_an_api_server_rewrites_is_the_same() {
        let ours = json!({ "a": 2.0, "f": 0.1 + 0.2, "b": { "x": null, "y": [1, null] } });
        let theirs = json!({ "b": { "y": [1, null] }, "a": 2, "c": null, "f": 0.3 });
        assert_eq!(of(&ours), of(&theirs));
    }

    #[test]
    fn what_differs_has_another_fingerprint() {
        let all = [
            json!(null),
            json!(0),
            json!("0"),
            json!(0.5),
            json!([]),
            json!([0]),
            json!([[0]]),
            json!([0, 0]),
            json!({}),
            json!({ "0": 0 }),
            json!({ "0": { "0": 0 } }),
        ];
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert_ne!(of(one), of(other), "{one} {other}");
            }
        }
    }
}
