//! Jobs and CronJobs.

use serde_json::{Value, json};

use super::place::Place;
use super::{fields, pod, set_default};
use crate::sandbox::kinds::Rules;
use crate::sandbox::status::FieldError;

pub(super) const JOB: Rules = Rules {
    complete: Some(complete_job),
    check: Some(check_job),
    check_status: None,
    prepare: Some(prepare_job),
    convert: None,
};

pub(super) const CRON_JOB: Rules = Rules {
    complete: Some(complete_cron_job),
    check: Some(check_cron_job),
    check_status: None,
    prepare: Some(super::clear_status),
    convert: None,
};

const CONTROLLER: &str = "batch.kubernetes.io/controller-uid";

fn complete_job(job: &mut Value) {
    if let Some(spec) = fields(job, &["spec"]) {
        complete_spec(spec);
        set_default(spec, "suspend", json!(false));
        set_default(spec, "completionMode", json!("NonIndexed"));
        set_default(spec, "manualSelector", json!(false));
        set_default(spec, "podReplacementPolicy", json!("TerminatingOrFailed"));
        if spec["manualSelector"] == false {
            spec.remove("manualSelector");
        }
    }
}

fn complete_spec(spec: &mut serde_json::Map<String, Value>) {
    let is_set = |name: &str| spec.get(name).is_some_and(|it| !it.is_null());
    if !is_set("completions") && !is_set("parallelism") {
        set_default(spec, "completions", json!(1));
    }
    set_default(spec, "parallelism", json!(1));
    set_default(spec, "backoffLimit", json!(6));
    if let Some(template) = spec.get_mut("template") {
        pod::complete_template(template);
    }
}

/// Gives a new job the selector of its own pods, from its UID.
fn prepare_job(job: &mut Value, old: Option<&Value>) {
    super::clear_status(job, old);
    if old.is_some() {
        return;
    }
    let (uid, name) = (
        job["metadata"]["uid"].clone(),
        job["metadata"]["name"].clone(),
    );
    let Some(spec) = fields(job, &["spec"]) else {
        return;
    };
    if uid.is_null() || spec.get("manualSelector") == Some(&json!(true)) {
        return;
    }
    set_default(spec, "template", json!({}));
    if let Some(template) = spec["template"].as_object_mut() {
        set_default(template, "metadata", json!({}));
        if let Some(metadata) = template["metadata"].as_object_mut() {
            set_default(metadata, "labels", json!({}));
            for (key, value) in [
                (CONTROLLER, &uid),
                ("controller-uid", &uid),
                ("batch.kubernetes.io/job-name", &name),
                ("job-name", &name),
            ] {
                if let Some(labels) = metadata["labels"].as_object_mut() {
                    labels.insert(key.to_owned(), value.clone());
                }
            }
        }
    }
    set_default(spec, "selector", json!({}));
    if let Some(selector) = spec["selector"].as_object_mut() {
        set_default(selector, "matchLabels", json!({}));
        if let Some(labels) = selector["matchLabels"].as_object_mut() {
            labels.insert(CONTROLLER.to_owned(), uid);
        }
    }
}

fn complete_cron_job(job: &mut Value) {
    let Some(spec) = fields(job, &["spec"]) else {
        return;
    };
    set_default(spec, "concurrencyPolicy", json!("Allow"));
    set_default(spec, "suspend", json!(false));
    set_default(spec, "successfulJobsHistoryLimit", json!(3));
    set_default(spec, "failedJobsHistoryLimit", json!(1));
    let Some(template) = spec.get_mut("jobTemplate").and_then(Value::as_object_mut) else {
        return;
    };
    set_default(template, "metadata", json!({}));
    let job = template.get_mut("spec");
    if let Some(pods) = job.and_then(|it| it.get_mut("template")) {
        pod::complete_template(pods);
    }
}

fn check_job(job: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(job).at("spec");
    let mut found = check_spec(&spec);
    found.extend(auto_selector(
        &spec,
        Place::root(job).at("metadata.uid").text(),
    ));
    if let Some(old) = old {
        found.extend(changes(&spec, &Place::root(old).at("spec")));
    }
    found
}

/// That the selector is the one that [`prepare_job`] makes, and no more.
fn auto_selector(spec: &Place<'_>, uid: &str) -> Vec<FieldError> {
    let (selector, labels) = (spec.at("selector"), spec.at("template.metadata.labels"));
    if uid.is_empty() || spec.at("manualSelector").flag() {
        return Vec::new();
    }
    let expected = json!({ "matchLabels": { CONTROLLER: uid } });
    let mut found = Vec::new();
    if *selector.value != expected {
        found.push(selector.invalid("`selector` not auto-generated"));
    }
    if !super::selector::selects(selector.value, labels.value) {
        found.push(labels.invalid("`selector` does not match template `labels`"));
    }
    found
}

fn check_spec(spec: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ] {
        found.extend(spec.at(field).nonnegative());
    }
    let mode = spec.at("completionMode");
    if mode.is_set() {
        found.extend(mode.choice(&["NonIndexed", "Indexed"]));
        if mode.text() == "Indexed" && !spec.at("completions").is_set() {
            let detail = "when completion mode is Indexed";
            found.push(spec.at("completions").required(detail));
        }
    }
    let template = spec.at("template");
    found.extend(pod::template(&template));
    let restart = template.at("spec.restartPolicy");
    match restart.text() {
        "OnFailure" | "Never" => {}
        "" | "Always" => found.push(restart.required("valid values: \"OnFailure\", \"Never\"")),
        _ => found.push(restart.unsupported(&["OnFailure", "Never"])),
    }
    found
}

fn changes(new: &Place<'_>, old: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    for field in [
        "completions",
        "selector",
        "template",
        "completionMode",
        "podFailurePolicy",
    ] {
        found.extend(new.at(field).unchanged(&old.at(field)));
    }
    found
}

fn check_cron_job(job: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let root = Place::root(job);
    let spec = root.at("spec");
    let mut found = schedule(&spec.at("schedule"));
    found.extend(spec.at("startingDeadlineSeconds").nonnegative());
    found.extend(time_zone(&spec.at("timeZone")));
    let policy = spec.at("concurrencyPolicy");
    found.extend(policy.choice(&["Allow", "Forbid", "Replace"]));
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        found.extend(spec.at(field).nonnegative());
    }
    found.extend(check_spec(&spec.at("jobTemplate.spec")));
    // Jobs append eleven letters to the name, and a label holds no more than 63.
    let name = root.at("metadata.name");
    if name.text().len() > 52 {
        found.push(name.invalid("must be no more than 52 characters"));
    }
    found
}

fn schedule(schedule: &Place<'_>) -> Vec<FieldError> {
    let text = schedule.text();
    if text.is_empty() {
        return vec![schedule.required("")];
    }
    if text.contains("TZ") {
        let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        return vec![schedule.invalid(detail)];
    }
    cron_fault(text)
        .map(|it| schedule.invalid(it))
        .into_iter()
        .collect()
}

/// What is wrong with a cron expression.
fn cron_fault(text: &str) -> Option<String> {
    const MACROS: [&str; 7] = [
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    if text.starts_with('@') {
        let is_known = MACROS.contains(&text) || text.starts_with("@every ");
        return (!is_known).then(|| format!("unrecognized descriptor: {text}"));
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != 5 {
        let (count, list) = (parts.len(), parts.join(" "));
        return Some(format!(
            "expected exactly 5 fields, found {count}: [{list}]"
        ));
    }
    let ranges = [
        (0, 59, &[][..]),
        (0, 23, &[]),
        (1, 31, &[]),
        (1, 12, &MONTHS),
        (0, 6, &DAYS),
    ];
    let mut pairs = parts.iter().zip(ranges);
    pairs.find_map(|(part, range)| part.split(',').find_map(|it| range_fault(it, range)))
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn range_fault(part: &str, (least, most, words): (u32, u32, &[&str])) -> Option<String> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let number = |text: &str| -> Result<u32, String> {
        let position = words.iter().position(|it| it.eq_ignore_ascii_case(text));
        if let Some(position) = position.and_then(|it| u32::try_from(it).ok()) {
            return Ok(position + least);
        }
        text.parse().map_err(|_| {
            format!(
                "failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"
            )
        })
    };
    let bounds = match range {
        "*" | "?" => Ok((least, most)),
        _ => match range.split_once('-') {
            Some((from, to)) => number(from).and_then(|from| Ok((from, number(to)?))),
            None => number(range).map(|it| (it, if step.is_some() { most } else { it })),
        },
    };
    let (from, to) = match bounds {
        Ok(bounds) => bounds,
        Err(fault) => return Some(fault),
    };
    if from < least {
        return Some(format!(
            "beginning of range ({from}) below minimum ({least}): {part}"
        ));
    }
    if to > most {
        return Some(format!(
            "end of range ({to}) above maximum ({most}): {part}"
        ));
    }
    if from > to {
        let text = format!("beginning of range ({from}) beyond end of range ({to}): {part}");
        return Some(text);
    }
    match step.map(number) {
        Some(Ok(0)) => Some(format!("step of range should be a positive number: {part}")),
        Some(Err(fault)) => Some(fault),
        _ => None,
    }
}

fn time_zone(zone: &Place<'_>) -> Option<FieldError> {
    let text = zone.value.as_str()?;
    if text.is_empty() {
        return Some(zone.invalid("timeZone must be nil or non-empty string"));
    }
    if text.eq_ignore_ascii_case("local") {
        let detail = "timeZone must be an explicit time zone as defined in \
                      https://www.iana.org/time-zones";
        return Some(zone.invalid(detail));
    }
    let is_known = jiff::tz::db().get(text).is_ok();
    (!is_known).then(|| zone.invalid(format!("unknown time zone {text}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schedules_are_read_as_cron_does() {
        for text in [
            "*/5 * * * *",
            "0 8-17 * jan-mar mon,fri",
            "0 0 1/2 * ?",
            "@daily",
        ] {
            assert_eq!(cron_fault(text), None, "{text}");
        }
        for text in [
            "* * * *",
            "60 * * * *",
            "* 5-3 * * *",
            "*/0 * * * *",
            "* * 0 * *",
            "@x",
        ] {
            assert!(cron_fault(text).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_schedule_is_judged(text in any::<String>()) {
            cron_fault(&text);
        }
    }
}
