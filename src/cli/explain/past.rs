//! The part of the past that is asked about, rebuilt: decisions of an HPA or a ScaledObject, polls of a
//! ScaledJob.

use jiff::Timestamp;

use super::events;
use crate::analysis::assessment::Assessment;
use crate::analysis::hindsight::{self, About, Hindsight, Span, hindsight};
use crate::analysis::jobs::polls::{self, Polls, polls};
use crate::analysis::load::Load;
use crate::analysis::simulation::{Known, Past};
use crate::autoscaler::{Autoscaler, AutoscalerId};
use crate::cli::sources::{self, Explained};
use crate::config::explain::{self, ExplainConfig};
use crate::error::Error;
use crate::history::History;
use crate::output::explanation::{Decisions, Event, Polled};

/// One of the two, or nothing where no time is asked about.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) decisions: Option<Decisions>,
    pub(super) polls: Option<Polled>,
}

/// # Errors
/// Where the past cannot be rebuilt, or the time asked about does not lie in it.
pub(super) async fn asked(
    found: &Explained,
    config: &ExplainConfig,
    assessment: &Assessment,
) -> Result<Asked, Error> {
    let Some(asked) = config.asked else {
        return Ok(Asked::default());
    };
    if found.subject().autoscaler.jobs.is_some() {
        let polls = polled(found, config, assessment, asked)?;
        let (events, no_events) = told(found, polls.span).await;
        let polls = Some(Polled {
            polls,
            events,
            no_events,
        });
        return Ok(Asked {
            polls,
            ..Asked::default()
        });
    }
    let hindsight = rebuilt(found, config, assessment, asked)?;
    let (events, no_events) = told(found, hindsight.span).await;
    let decisions = Some(Decisions {
        hindsight,
        events,
        no_events,
    });
    Ok(Asked {
        decisions,
        ..Asked::default()
    })
}

/// The Events of that time, and why there are none.
async fn told(found: &Explained, span: Span) -> (Vec<Event>, Option<String>) {
    let read = match &found.cluster {
        Some(cluster) => events::of(cluster, &found.subject().autoscaler, span).await,
        None => Err("a snapshot has no events".to_owned()),
    };
    match read {
        Ok(events) if events.is_empty() => {
            let why = "the API server keeps them for an hour, and has none of that time";
            (events, Some(why.to_owned()))
        }
        Ok(events) => (events, None),
        Err(why) => (Vec::new(), Some(why)),
    }
}

fn polled(
    found: &Explained,
    config: &ExplainConfig,
    assessment: &Assessment,
    asked: explain::Asked,
) -> Result<Polls, Error> {
    let subject = found.subject();
    let autoscaler = &subject.autoscaler;
    let known = polls::Known {
        autoscaler,
        workload: sources::workload(subject)?,
        history: history(found)?,
        window: config.analysis.window,
        now: found.taken_at,
    };
    let proposed = assessment.outcome.proposed();
    polls(known, about(asked), proposed).map_err(|it| match it {
        polls::Error::Unknown(why) => unknown(&autoscaler.id, why),
        polls::Error::Outside { first, last } => outside(autoscaler, asked, first, last),
    })
}

fn rebuilt(
    found: &Explained,
    config: &ExplainConfig,
    assessment: &Assessment,
    asked: explain::Asked,
) -> Result<Hindsight, Error> {
    let subject = found.subject();
    let autoscaler = &subject.autoscaler;
    let history = history(found)?;
    let workload = sources::replayable(subject)?;
    let load = Load::derive(
        autoscaler,
        workload,
        history,
        config.analysis.window,
        found.taken_at,
    );
    let past = Past {
        autoscaler,
        workload,
        history,
        load: &load,
        replicas: Known::Observed,
    };
    let headroom = config.analysis.headroom;
    let proposed = assessment.outcome.proposed();
    hindsight(&past, about(asked), headroom, proposed).map_err(|it| match it {
        hindsight::Error::Unreplayable(why) => unknown(&autoscaler.id, why.to_string()),
        hindsight::Error::Outside { first, last } => outside(autoscaler, asked, first, last),
    })
}

fn history(found: &Explained) -> Result<&History, Error> {
    let id = &found.subject().autoscaler.id;
    let history = found.history.as_ref();
    history.map_err(|it| unknown(id, it.clone()))
}

fn unknown(autoscaler: &AutoscalerId, why: String) -> Error {
    Error::NoPast {
        autoscaler: autoscaler.clone(),
        why,
    }
}

fn about(asked: explain::Asked) -> About {
    match asked {
        explain::Asked::At(at) => About::At(at),
        explain::Asked::Since(length) => About::Last(length),
    }
}

fn outside(
    autoscaler: &Autoscaler,
    asked: explain::Asked,
    first: Timestamp,
    last: Timestamp,
) -> Error {
    let what = match asked {
        explain::Asked::At(at) => at.to_string(),
        explain::Asked::Since(_) => "its end".to_owned(),
    };
    Error::Usage {
        message: format!("{what} is not in the history of {}", autoscaler.id),
        hint: Some(format!(
            "it reaches from {first} to {last}; --window-days asks for more of it"
        )),
    }
}
