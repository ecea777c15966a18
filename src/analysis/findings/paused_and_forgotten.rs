//! `paused-and-forgotten`: an object of KEDA's is paused for longer than anybody can have meant.

use jiff::Timestamp;

use super::{Code, Finding, Severity};
use crate::autoscaler::Autoscaler;
use crate::keda::objects::keys;
use crate::lifecycle::pause::{Forgotten, forgotten};

pub fn find(autoscaler: &Autoscaler, now: Timestamp) -> Option<Finding> {
    let (metadata, pause) = match (&autoscaler.keda, &autoscaler.jobs) {
        (Some(scaled), _) => (&scaled.metadata, scaled.pause()),
        (None, Some(job)) => (&job.metadata, job.pause()),
        (None, None) => return None,
    };
    let Forgotten { key, since, until } = forgotten(metadata, &pause, now)?;
    let hours = since.map(|it| now.duration_since(it).as_secs_f64() / 3600.0);
    let long = hours.map(|hours| match (hours / 24.0).floor() {
        days if days < 1.0 => format!("{hours:.0} h"),
        days => format!("{days} d"),
    });
    let (severity, told) = match (long, until) {
        (_, Some(until)) => (Severity::Warning, format!("was to end at {until}")),
        (Some(long), None) => (
            Severity::Warning,
            format!("is in force for {long} at least"),
        ),
        (None, None) => (Severity::Info, "has no time that anybody kept".to_owned()),
    };
    let message = format!("the pause by {key} {told}: {}", held(key, autoscaler));
    let mut finding =
        Finding::new(Code::PausedAndForgotten, severity, message).text("annotation", key);
    if let Some((since, hours)) = since.zip(hours) {
        finding = finding
            .text("since", since.to_string())
            .number("pausedHours", hours);
    }
    if let Some(until) = until {
        finding = finding.text("until", until.to_string());
    }
    let id = &autoscaler.id;
    Some(finding.fix(format!(
        "once it is to scale again: kubectl stepscale resume {}/{} -n {}, or remove the annotation \
         where somebody else has set it",
        id.kind.short(),
        id.name,
        id.namespace
    )))
}

/// What does not happen meanwhile.
fn held(key: &str, autoscaler: &Autoscaler) -> &'static str {
    match key {
        _ if autoscaler.jobs.is_some() => "no jobs are made",
        keys::PAUSED_SCALE_IN => "replicas only grow",
        keys::PAUSED_SCALE_OUT => "replicas only shrink",
        _ => "nothing is scaled, and its HPA is gone",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::Scene;

    #[test]
    fn a_long_pause_is_told_with_its_length() {
        let mut scene = Scene::triggered(json!({}), |_| 20.0);
        assert_eq!(scene.find(Code::PausedAndForgotten), None);
        scene.annotate(keys::PAUSED, "true");
        let told = |scene: &Scene| {
            let found = scene.find(Code::PausedAndForgotten)?;
            Some((found.severity, found.message))
        };
        let nobody = "the pause by autoscaling.keda.sh/paused has no time that anybody kept: nothing \
                      is scaled, and its HPA is gone";
        assert_eq!(told(&scene), Some((Severity::Info, nobody.to_owned())));
        scene.annotated_before(keys::PAUSED, 23);
        assert_eq!(told(&scene), None);
        scene.annotated_before(keys::PAUSED, 75);
        let long = "the pause by autoscaling.keda.sh/paused is in force for 3 d at least: nothing is \
                    scaled, and its HPA is gone";
        assert_eq!(told(&scene), Some((Severity::Warning, long.to_owned())));
    }

    #[test]
    fn it_is_told_whatever_else_is_known() {
        let mut scene = Scene::triggered(json!({"minReplicaCount": 2}), |_| 20.0);
        scene.annotate(keys::PAUSED_SCALE_IN, "true");
        assert!(scene.find(Code::PausedAndForgotten).is_some());
        scene.history = crate::history::History::default();
        assert!(scene.find(Code::PausedAndForgotten).is_some());
        scene.subject.workload = Err(crate::fleet::NoWorkload::Missing);
        assert!(scene.find(Code::PausedAndForgotten).is_some());
    }
}
