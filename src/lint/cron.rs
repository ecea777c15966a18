//! What a `cron` trigger does over the year, which its text does not show.

use jiff::Timestamp;

use super::code::Code;
use super::found::Findings;
use super::world::{Item, trigger_path};
use crate::keda::trigger::Cron;
use crate::keda::trigger::cron::{Schedule, Zone};

/// Starts and ends that are looked at: those of two years, if there is one of each a day.
const MOST: usize = 1500;

pub(super) fn check(
    item: &Item<'_>,
    at: usize,
    cron: &Cron,
    now: Timestamp,
    findings: &mut Findings,
) {
    let metadata = trigger_path(at).key("metadata");
    let index = item.index;
    let mut add = |code, key: &str, message: String, fix: &str| {
        let message = format!("trigger {at} (cron): {message}");
        findings.add(code, index, metadata.key(key), message, fix);
    };
    let zone = match Zone::named(&cron.time_zone) {
        Ok(zone) => zone,
        Err(unknown) => {
            let text = unknown.to_string();
            let (message, fix) = text.split_once("; ").unwrap_or((&text, "correct it"));
            add(Code::BadTimeZone, "timezone", message.to_owned(), fix);
            return;
        }
    };
    let mut is_silent = false;
    for (key, schedule, effect) in [
        ("start", &cron.start, "KEDA is always inside of the window"),
        ("end", &cron.end, "KEDA is never inside of the window"),
    ] {
        if schedule.next(now, &zone).is_none() {
            is_silent = true;
            let message = format!("{key} `{}` never comes, and so {effect}", schedule.text());
            let fix = "correct the day and the month";
            add(Code::CronNeverFires, key, message, fix);
        } else if let Some(odd) = schedule.odd_hours(now, &zone) {
            let what = if odd.is_skipped {
                "skips"
            } else {
                "shows twice"
            };
            let date = odd.from.to_string();
            let date = date.split('T').next().unwrap_or_default();
            let message = format!(
                "{key} `{}` is in an hour that the clock of {} {what} on {date}",
                schedule.text(),
                cron.time_zone
            );
            let fix = "choose another hour, or the time zone Etc/UTC";
            add(Code::CronDaylightSaving, key, message, fix);
        }
    }
    if let Some((key, first, second)) = repeated(cron, now).filter(|_| !is_silent) {
        let effect = match key {
            "start" => "between two starts KEDA is outside of the window",
            _ => "after an end that comes before another end KEDA is inside of the window",
        };
        let message = format!("two {key}s come one after another ({first}, {second}): {effect}");
        let fix =
            "restrict the days of start and end alike, such as `0 8 * * 1-5` and `0 18 * * 1-5`";
        add(Code::CronNotAlternating, key, message, fix);
    }
}

/// The first two starts without an end between them, or ends without a start. The clock does not
/// change here: that is another finding.
fn repeated(cron: &Cron, now: Timestamp) -> Option<(&'static str, Timestamp, Timestamp)> {
    let utc = Zone::utc();
    let next = |schedule: &Schedule, after| schedule.next(after, &utc);
    let mut last: Option<(&'static str, Timestamp)> = None;
    let mut at = now;
    for _ in 0..MOST {
        let (start, end) = (next(&cron.start, at)?, next(&cron.end, at)?);
        // An end and a start at once are one window after another.
        if start == end {
            (last, at) = (None, start);
            continue;
        }
        let this = if start < end {
            ("start", start)
        } else {
            ("end", end)
        };
        match last {
            Some((key, before)) if key == this.0 => return Some((key, before, this.1)),
            Some(_) | None => last = Some(this),
        }
        at = this.1;
    }
    None
}
