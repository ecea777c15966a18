//! Schedules in the CustomResourceDefinition: their windows, how they are carried out, and what analyses
//! say of them.

use serde_json::{Value, json};

use super::count;
use super::schema::{described, list, object, one_of, open, text, time};
use crate::analysis::review::Standing;
use crate::lifecycle::schedule::State;

pub(super) fn window() -> Value {
    let mut schema = open("A time of the week in which more replicas are kept.");
    schema["properties"] = json!({
        "startCron": text("When it begins, as five fields of cron."),
        "durationMinutes": described(count(1), "How long it lasts."),
        "minReplicas": described(count(0), "The least number of replicas while it lasts."),
        "timeZone": text("The time zone of startCron, such as Europe/Berlin. UTC where absent."),
    });
    schema
}

pub(super) fn carried() -> Value {
    let mut schema = object(
        "The schedule that is in force, and how it is carried out.",
        json!({
            "windows": list("The windows that are in force.", window()),
            "state": one_of(
                "How the schedule stands.",
                &State::ALL.map(State::as_str),
            ),
            "detail": text("Why it stands so, for people."),
            "since": time("Since when it stands so."),
            "floor": floor(),
            "attempt": object(
                "A write that was begun and whose end is not known yet.",
                json!({
                    "id": text("The id of the write."),
                    "what": one_of("What is written.", &["raise", "restore", "retract"]),
                    "by": text("Who writes."),
                    "at": time("When it was begun."),
                }),
                &["id", "what", "at"],
            ),
            "idle": described(
                count(0),
                "Looks in a row, in the middle of windows, at which the peak was not there.",
            ),
            "leftUntil": time(
                "Nothing is written before then, since others have set the minimum.",
            ),
            "review": review(),
        }),
        &[],
    );
    schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
    schema
}

fn review() -> Value {
    object(
        "What analyses say of the schedule that is in force.",
        json!({
            "standing": one_of(
                "Whether it does still what it was chosen for.",
                &Standing::ALL.map(Standing::as_str),
            ),
            "detail": text("Why it stands so, for people."),
            "chosen": losses("How good the forecast was that it was chosen with."),
            "now": losses("How good the forecast is that was made when it was looked at."),
            "since": time("Since when it stands so."),
            "at": time("When it was looked at with these numbers."),
        }),
        &["standing", "detail", "since", "at"],
    )
}

pub(super) fn losses(about: &str) -> Value {
    let percent = |about: &str| described(count(0), about);
    object(
        about,
        json!({
            "medianPercent": percent(
                "Pinball loss at the median, in percent of that of repeating the last day or week: \
                 below 100 is better.",
            ),
            "highPercent": percent("The same at the high quantile."),
            "coveredPercent": percent(
                "The share of the loads that were within the high quantile, in percent.",
            ),
        }),
        &["medianPercent", "highPercent", "coveredPercent"],
    )
}

fn floor() -> Value {
    object(
        "What is held on an HPA, as its annotation stepscale.io/floor has it.",
        json!({
            "id": text("The id of the write."),
            "recommendation": text("The name of the recommendation."),
            "by": text("Who wrote."),
            "at": time("When it was written."),
            "from": described(count(0), "The minimum before, which it is to be again."),
            "to": described(count(0), "The minimum while it is held."),
            "until": time("When it is to be given back."),
        }),
        &["id", "from", "to"],
    )
}
