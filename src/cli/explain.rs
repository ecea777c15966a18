//! `explain`: one autoscaler on one screen, or why it decided what it did.

mod events;
mod past;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use super::context::Context;
use super::opinions::Opinions;
use super::selected;
use super::sources::{self, Explained};
use super::triggers;
use crate::analysis;
use crate::analysis::assessment::Assessment;
use crate::config::Input;
use crate::config::explain::{ExplainConfig, Form};
use crate::config::form::Choice;
use crate::error::{Error, Exit};
use crate::output::explanation::{self, Explanation, Run, Sheet, Triggers};
use crate::output::report::{self, AnalysisReport};
use crate::output::summary;

/// How long each trigger is asked for its value: the rest of the screen waits for it.
const TRIGGER_LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn run(cx: Context, config: ExplainConfig) -> Result<Exit, Error> {
    Ok(match explained(&cx, &config).await? {
        ControlFlow::Continue(it) => {
            present(&cx, &config, &it)?;
            Exit::Clean
        }
        ControlFlow::Break(exit) => exit,
    })
}

/// Gathers and decides; with `--llm-dry-run` that is all there is to do.
async fn explained(
    cx: &Context,
    config: &ExplainConfig,
) -> Result<ControlFlow<Exit, Explanation>, Error> {
    let mut found = sources::explained(&config.question, cx.progress(), cx.now()).await?;
    let opencost = config.opencost.as_ref();
    let priced = sources::priced(&config.analysis, opencost, cx.progress()).await;
    found.reading.beside.extend(priced.warning);
    let config = &ExplainConfig {
        analysis: priced.settings,
        ..config.clone()
    };
    let mut assessment = assess(&found, config);
    let past::Asked { decisions, polls } = past::asked(&found, config, &assessment).await?;
    let triggers = match config.asked {
        Some(_) => None,
        None => measured(cx, config, &found).await,
    };
    // What is told of the past is told as it was.
    if let (Some(llm), None) = (&config.llm, config.asked) {
        let assessments = std::slice::from_mut(&mut assessment);
        let mut opinions = Opinions::new();
        if llm.dry_run {
            return opinions
                .dry_run(cx, llm, assessments)
                .map(ControlFlow::Break);
        }
        let asked = (assessments, cx.progress(), cx.now());
        found.reading.beside.extend(opinions.ask(llm, asked).await);
    }
    let portrait = assessment.portrait.take().map(|it| *it);
    let reading = std::mem::take(&mut found.reading);
    let place = sources::place(&config.question.input);
    let report = AnalysisReport::new(report::Run {
        fleet: &found.fleet,
        assessments: vec![assessment],
        reading,
        grid: found.grid,
        taken_at: found.taken_at,
        prices: &config.analysis.prices,
        place: place.clone(),
    });
    let explanation = Explanation::new(Run {
        report,
        subject: found.subject(),
        portrait,
        view: config.view.length(),
        written: found.written.as_ref(),
        hpa: found.hpa.as_ref(),
        triggers,
        decisions,
        polls,
        place,
    });
    Ok(match explanation {
        Some(it) => ControlFlow::Continue(it),
        // A report has an item for each assessment.
        None => ControlFlow::Break(Exit::Bug),
    })
}

fn present(cx: &Context, config: &ExplainConfig, it: &Explanation) -> Result<(), Error> {
    let sheet = Sheet {
        width: cx.width(),
        charset: cx.charset(),
    };
    let answer = |form| move |out: &mut dyn Write| explanation::write(out, it, form, sheet);
    match &config.form {
        Choice::Selected(selection) => selected::print(cx, selection, it, true)?,
        Choice::Form(form @ (Form::Json | Form::Yaml)) => cx.print(answer(*form))?,
        Choice::Form(Form::Text) => {
            cx.print_text(answer(Form::Text))?;
            let coverage = it.autoscaler.evidence.coverage;
            cx.note(&summary::history(&it.source, Some(coverage), cx.elapsed()));
        }
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
