//! `explain`: one autoscaler on one screen, or why it decided what it did.

mod events;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;

use super::context::Context;
use super::sources::{self, Explained};
use super::triggers;
use crate::analysis;
use crate::analysis::assessment::Assessment;
use crate::analysis::hindsight::{self, About, Hindsight, hindsight};
use crate::analysis::load::Load;
use crate::analysis::simulation::{Known, Past};
use crate::autoscaler::Autoscaler;
use crate::config::explain::{Asked, ExplainConfig, Form};
use crate::config::{Input, Snapshot};
use crate::error::{Error, Exit};
use crate::output::explanation::{self, Decisions, Explanation, Place, Run, Sheet, Triggers};
use crate::output::report::{self, AnalysisReport};
use crate::output::summary;

/// How long each trigger is asked for its value: the rest of the screen waits for it.
const TRIGGER_LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn run(cx: Context, config: ExplainConfig) -> Result<Exit, Error> {
    match explained(&cx, &config).await? {
        Some(it) => present(&cx, &config, &it)?,
        // A report has an item for each assessment.
        None => return Ok(Exit::Bug),
    }
    Ok(Exit::Clean)
}

/// Gathers and decides.
async fn explained(cx: &Context, config: &ExplainConfig) -> Result<Option<Explanation>, Error> {
    let mut found = sources::explained(&config.question, cx.progress(), cx.now()).await?;
    let opencost = config.opencost.as_ref();
    let priced = sources::priced(&config.analysis, opencost, cx.progress()).await;
    found.reading.warnings.extend(priced.warning);
    let config = &ExplainConfig {
        analysis: priced.settings,
        ..config.clone()
    };
    let mut assessment = assess(&found, config);
    let decisions = match config.asked {
        Some(asked) => Some(decisions(&found, config, &assessment, asked).await?),
        None => None,
    };
    let triggers = match config.asked {
        Some(_) => None,
        None => measured(cx, config, &found).await,
    };
    let portrait = assessment.portrait.take().map(|it| *it);
    let reading = std::mem::take(&mut found.reading);
    let report = AnalysisReport::new(report::Run {
        fleet: &found.fleet,
        assessments: vec![assessment],
        reading,
        grid: found.grid,
        taken_at: found.taken_at,
        prices: &config.analysis.prices,
    });
    Ok(Explanation::new(Run {
        report,
        subject: found.subject(),
        portrait,
        view: config.view.length(),
        written: found.written.as_ref(),
        hpa: found.hpa.as_ref(),
        triggers,
        decisions,
        place: place(config),
    }))
}

fn present(cx: &Context, config: &ExplainConfig, it: &Explanation) -> Result<(), Error> {
    let sheet = Sheet {
        width: cx.width(),
        charset: cx.charset(),
    };
    let answer = |out: &mut dyn Write| explanation::write(out, it, config.form, sheet);
    match config.form {
        Form::Text => cx.print_text(answer)?,
        Form::Json | Form::Yaml => cx.print(answer)?,
    }
    if config.form == Form::Text {
        let coverage = it.autoscaler.evidence.coverage;
        cx.note(&summary::history(&it.source, Some(coverage), cx.elapsed()));
    }
    for warning in &it.source.warnings {
        cx.note(&format!("warning: {warning}"));
    }
    Ok(())
}

fn assess(found: &Explained, config: &ExplainConfig) -> Assessment {
    let subject = found.subject();
    match &found.history {
        Ok(history) => analysis::assess(subject, history, &config.analysis, found.taken_at),
        Err(why) => analysis::without_history(subject, why.clone(), found.taken_at),
    }
}

fn place(config: &ExplainConfig) -> Place {
    match &config.question.input {
        Input::Cluster { .. } => Place::Cluster,
        Input::Snapshot(Snapshot::File(path)) => Place::Snapshot(path.display().to_string()),
        Input::Snapshot(Snapshot::Stdin) => Place::Snapshot("-".to_owned()),
    }
}

/// What the triggers of a ScaledObject or ScaledJob measure; `None` for an HPA.
async fn measured(cx: &Context, config: &ExplainConfig, found: &Explained) -> Option<Triggers> {
    let id = &found.subject().autoscaler.id;
    let has_triggers = {
        let autoscaler = &found.subject().autoscaler;
        autoscaler.keda.is_some() || autoscaler.jobs.is_some()
    };
    if !has_triggers {
        return None;
    }
    let (Some(cluster), Input::Cluster { connection, .. }) =
        (&found.cluster, &config.question.input)
    else {
        let why = "a snapshot has no triggers that could be asked".to_owned();
        return Some(Triggers::NotAsked(why));
    };
    if config.question.now.is_some() {
        let why = "they tell of the present, and --now is another time".to_owned();
        return Some(Triggers::NotAsked(why));
    }
    let looked = triggers::one(cx, cluster, connection, id, TRIGGER_LIMIT).await;
    Some(match looked {
        Ok(report) => Triggers::Measured(report),
        Err(error) => Triggers::NotAsked(error.to_string()),
    })
}

async fn decisions(
    found: &Explained,
    config: &ExplainConfig,
    assessment: &Assessment,
    asked: Asked,
) -> Result<Decisions, Error> {
    let autoscaler = &found.subject().autoscaler;
    let hindsight = rebuilt(found, config, assessment, asked)?;
    let read = match &found.cluster {
        Some(cluster) => events::of(cluster, autoscaler, hindsight.span).await,
        None => Err("a snapshot has no events".to_owned()),
    };
    let (events, no_events) = match read {
        Ok(events) if events.is_empty() => {
            let why = "the API server keeps them for an hour, and has none of that time";
            (events, Some(why.to_owned()))
        }
        Ok(events) => (events, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok(Decisions {
        hindsight,
        events,
        no_events,
    })
}

fn rebuilt(
    found: &Explained,
    config: &ExplainConfig,
    assessment: &Assessment,
    asked: Asked,
) -> Result<Hindsight, Error> {
    let subject = found.subject();
    let autoscaler = &subject.autoscaler;
    let unknown = |why: String| Error::NoPast {
        autoscaler: autoscaler.id.clone(),
        why,
    };
    let history = found.history.as_ref().map_err(|it| unknown(it.clone()))?;
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
    let about = match asked {
        Asked::At(at) => About::At(at),
        Asked::Since(length) => About::Last(length),
    };
    let headroom = config.analysis.headroom;
    hindsight(&past, about, headroom, assessment.outcome.proposed()).map_err(|it| match it {
        hindsight::Error::Unreplayable(why) => unknown(why.to_string()),
        hindsight::Error::Outside { first, last } => outside(autoscaler, asked, first, last),
    })
}

fn outside(autoscaler: &Autoscaler, asked: Asked, first: Timestamp, last: Timestamp) -> Error {
    let what = match asked {
        Asked::At(at) => at.to_string(),
        Asked::Since(_) => "its end".to_owned(),
    };
    Error::Usage {
        message: format!("{what} is not in the history of {}", autoscaler.id),
        hint: Some(format!(
            "it reaches from {first} to {last}; --window-days asks for more of it"
        )),
    }
}
