//! What carries out a schedule where nothing of ours runs, as it is committed.

use serde_json::{Value, json};

use crate::autoscaler::AutoscalerKind;
use crate::cronjobs::{self, Request};
use crate::error::Error;
use crate::keda::predictive::{self, NotPredictable, Period};
use crate::lifecycle::record::Record;
use crate::output::manifests;
use crate::schedule::Plan;

/// The CronJobs of an HPA and what they need, as documents; `None` where it has no schedule.
pub(super) fn jobs(record: &Record, image: &str) -> Result<Option<String>, Error> {
    if !is_for_jobs(record) {
        return Ok(None);
    }
    let items = cronjobs::items(&Request {
        namespace: &record.namespace,
        hpa: &record.autoscaler.name,
        recommendation: &record.name,
        plan: &plan(record)?,
        image,
    });
    let items = items.map_err(|no_end| Error::Usage {
        message: format!("{}: {no_end}", record.title()),
        hint: Some(
            "write it as windows that each start at one minute of some hours, on days of the week or of \
             a month, and close before they open again: `kubectl edit scalerec`"
                .to_owned(),
        ),
    })?;
    let mut text = heading(record).into_bytes();
    manifests::write(&mut text, &items).map_err(Error::Output)?;
    let text = String::from_utf8(text).map_err(|it| Error::Output(std::io::Error::other(it)))?;
    Ok(Some(text))
}

fn is_for_jobs(record: &Record) -> bool {
    record.autoscaler.kind == AutoscalerKind::HorizontalPodAutoscaler
        && !record.proposal.schedule.is_empty()
}

fn heading(record: &Record) -> String {
    format!(
        "# The windows of {}, carried out by CronJobs alone. docs/gitops.md says how they are taken \
         away.\n",
        record.title()
    )
}

/// What is said where it is printed without its schedule.
pub(super) fn left_out(record: &Record) -> Option<String> {
    is_for_jobs(record).then(|| {
        format!(
            "the schedule of {} is no part of a patch: -o manifest has CronJobs for it",
            record.title()
        )
    })
}

/// What would undo the jobs.
pub(super) fn about_syncs(record: &Record) -> String {
    format!(
        "the CronJobs of {} change minReplicas in the cluster: tell what syncs Git to leave that \
         field alone",
        record.title()
    )
}

/// Lets a ScaledObject ask for the load of a period ago in place of its windows; what is to be known of
/// that.
pub(super) fn look_back(
    record: &Record,
    live: &Value,
    configuration: &mut Value,
) -> Result<Option<String>, Error> {
    let title = record.title();
    if record.autoscaler.kind != AutoscalerKind::ScaledObject {
        return Err(Error::Usage {
            message: format!("{title} is not of a ScaledObject, and takes no trigger"),
            hint: Some(
                "leave --predictive out: -o manifest has CronJobs for its schedule".to_owned(),
            ),
        });
    }
    if record.proposal.schedule.is_empty() {
        return Ok(Some(format!(
            "{title} has no schedule, and gets no trigger"
        )));
    }
    let period = Period::of(&plan(record)?).map_err(|why| cannot_look_back(&title, why))?;
    let mut spec = live["spec"].clone();
    if configuration["spec"]["triggers"].is_array() {
        spec["triggers"] = configuration["spec"]["triggers"].clone();
    }
    let past = predictive::triggers(&spec, period).map_err(|why| cannot_look_back(&title, why))?;
    let mut triggers = spec["triggers"].as_array().cloned().unwrap_or_default();
    triggers.retain(|it| !predictive::is_of_schedule(it));
    triggers.extend(past);
    configuration["spec"]["triggers"] = json!(triggers);
    Ok(Some(format!(
        "{title} looks back {} d at its load: where Prometheus does not know so long, nothing is raised",
        period.days()
    )))
}

fn cannot_look_back(title: &str, why: NotPredictable) -> Error {
    Error::Usage {
        message: format!("{title} cannot look back: {why}"),
        hint: Some("leave --predictive out: its windows become cron triggers".to_owned()),
    }
}

fn plan(record: &Record) -> Result<Plan, Error> {
    record.proposal.plan().map_err(|why| Error::Usage {
        message: format!("{}: {why}", record.title()),
        hint: Some(
            "correct spec.schedule: `kubectl explain scalerec.spec.schedule` says what is in it"
                .to_owned(),
        ),
    })
}
