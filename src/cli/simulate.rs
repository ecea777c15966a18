//! `simulate`: replay the past of an autoscaler under other settings.

use std::io::Write;

use super::context::Context;
use super::{selected, sources};
use crate::analysis::assessment::Outcome;
use crate::analysis::load::Load;
use crate::analysis::simulation::{Known, Past, Simulation, Wish, simulate};
use crate::analysis::{self, settings::Settings};
use crate::autoscaler::AutoscalerId;
use crate::cluster::manifest;
use crate::config::form::Choice;
use crate::config::{Format, Planned, Question, Replayed, SimulateConfig};
use crate::error::{Error, Exit};
use crate::history::{History, Metric};
use crate::metrics::csv;
use crate::output::replay::{self, Base, Replay, Run, closing};

pub(super) async fn run(cx: Context, config: SimulateConfig) -> Result<Exit, Error> {
    let replay = match &config.replayed {
        Replayed::Autoscaler { question, compare } => {
            of_autoscaler(&cx, &config, question, *compare).await?
        }
        Replayed::Manifest(planned) => of_manifest(&config, planned)?,
    };
    present(&cx, &config.form, &replay)?;
    for line in closing::lines(&replay, &config.form, cx.elapsed()) {
        cx.note(&line);
    }
    Ok(Exit::Clean)
}

fn present(cx: &Context, form: &Choice<Format>, replay: &Replay) -> Result<(), Error> {
    let form = match form {
        Choice::Selected(selection) => return selected::print(cx, selection, replay, true),
        Choice::Form(form) => *form,
    };
    let answer = |out: &mut dyn Write| replay::write(out, replay, form, cx.width());
    match form.is_for_people() {
        true => cx.print_text(answer),
        false => cx.print(answer),
    }
}

async fn of_autoscaler(
    cx: &Context,
    config: &SimulateConfig,
    question: &Question,
    compare: bool,
) -> Result<Replay, Error> {
    let one = sources::one(question, cx.progress(), cx.now()).await?;
    let (subject, now) = (&one.subject, one.taken_at);
    let autoscaler = &subject.autoscaler;
    let proposal =
        compare.then(|| analysis::assess(subject, &one.history, &config.analysis, now).outcome);
    let window = config.analysis.window;
    let load = Load::derive(autoscaler, &one.workload, &one.history, window, now);
    let past = Past {
        autoscaler,
        workload: &one.workload,
        history: &one.history,
        load: &load,
        replicas: Known::Observed,
    };
    let wish = Wish {
        startup: config.startup,
        proposed: proposal.as_ref().and_then(proposed),
        ..wish(config)
    };
    let simulation = simulated(&past, &wish)?;
    Ok(Replay::new(Run {
        simulation,
        base: Base::Today,
        reading: one.reading,
        cluster: Some(one.cluster),
        taken_at: Some(now),
        rivals: subject.rivals.clone(),
        proposal,
    }))
}

fn of_manifest(config: &SimulateConfig, planned: &Planned) -> Result<Replay, Error> {
    let manifest = manifest::read(&planned.manifest, &planned.namespace)?;
    let autoscaler = &manifest.autoscaler;
    let workload = planned
        .pods
        .workload(autoscaler, manifest.workload.as_ref());
    let workload = workload.map_err(|it| refused(&autoscaler.id, it))?;
    let csv = csv::read(&planned.load)?;
    let load = Load::unserved(autoscaler, &workload, &csv.cores);
    let mut history = History::default();
    history.insert(Metric::CpuUsage, csv.cores);
    let past = Past {
        autoscaler,
        workload: &workload,
        history: &history,
        load: &load,
        replicas: Known::Elsewhere(csv.replicas.as_ref()),
    };
    let simulation = simulated(&past, &wish(config))?;
    Ok(Replay::new(Run {
        simulation,
        base: Base::Manifest,
        reading: csv.reading,
        cluster: None,
        taken_at: None,
        rivals: Vec::new(),
        proposal: None,
    }))
}

fn wish(config: &SimulateConfig) -> Wish {
    Wish {
        overrides: config.overrides.clone(),
        shape: config.shape,
        headroom: config.analysis.headroom,
        ..Wish::default()
    }
}

fn simulated(past: &Past<'_>, wish: &Wish) -> Result<Simulation, Error> {
    simulate(past, wish).map_err(|it| refused(&past.autoscaler.id, it))
}

fn refused(autoscaler: &AutoscalerId, source: analysis::simulation::Error) -> Error {
    Error::Simulation {
        autoscaler: autoscaler.clone(),
        source,
    }
}

fn proposed(outcome: &Outcome) -> Option<Settings> {
    match outcome {
        Outcome::Recommended(recommendation) => Some(recommendation.proposed.clone()),
        Outcome::NoChange
        | Outcome::Withheld { .. }
        | Outcome::NotEnoughHistory { .. }
        | Outcome::Skipped { .. }
        | Outcome::Unreadable { .. } => None,
    }
}
