//! What `simulate` is to replay.

use std::path::{Path, PathBuf};

use super::{Origin, analysis, question, window};
use crate::analysis::simulation::overrides::{KedaOverrides, Overrides, RuleOverrides};
use crate::analysis::simulation::planned::PlannedPods;
use crate::cli::args::analysis::AnalysisArgs;
use crate::cli::args::simulate::{SettingsArgs, SimulateArgs};
use crate::cli::args::{GlobalArgs, ScopeArgs};
use crate::cli::names;
use crate::config::form::Choice;
use crate::config::{Planned, Question, Replayed, SimulateConfig};
use crate::error::Error;
use crate::schedule::Plan;

pub(in crate::cli) fn simulate(
    global: &GlobalArgs,
    args: &SimulateArgs,
    origin: &Origin<'_>,
) -> Result<SimulateConfig, Error> {
    let replayed = match (&args.planned.filename, &args.planned.load) {
        (Some(manifest), Some(load)) => Replayed::Manifest(planned(global, args, manifest, load)?),
        // clap lets neither be typed without the other.
        (Some(_), None) | (None, _) => Replayed::Autoscaler {
            question: about_one(global, args, origin)?,
            compare: args.replay.compare,
        },
    };
    let judging = AnalysisArgs {
        headroom: args.replay.headroom,
        forecast: args.forecast.clone(),
        ..AnalysisArgs::default()
    };
    let in_file = origin.format_in_file()?.map(Choice::Form);
    let config = SimulateConfig {
        replayed,
        overrides: overrides(&args.settings),
        startup: args.replay.startup,
        shape: args.replay.shape,
        analysis: analysis::settings(&judging, window(&args.history, origin)?, origin)?,
        form: args.form.clone().or(in_file).unwrap_or_default(),
    };
    refuse_crossed(&config.overrides)?;
    Ok(config)
}

fn planned(
    global: &GlobalArgs,
    args: &SimulateArgs,
    manifest: &Path,
    load: &Path,
) -> Result<Planned, Error> {
    if let Some(name) = args.names.first() {
        return Err(Error::Usage {
            message: format!("`{name}` cannot be looked up in the file given with -f"),
            hint: Some("leave the name out: the file has one autoscaler".to_owned()),
        });
    }
    if manifest == load && manifest == Path::new("-") {
        return Err(Error::Usage {
            message: "standard input can be read once, by -f or by --load".to_owned(),
            hint: Some("pass a file for the other".to_owned()),
        });
    }
    let namespace = global.namespace.clone();
    Ok(Planned {
        manifest: PathBuf::from(manifest),
        load: PathBuf::from(load),
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        pods: PlannedPods {
            cpu_request: args.planned.pod_cpu_request,
            cpu_limit: args.planned.pod_cpu_limit,
            startup: args.replay.startup,
        },
    })
}

fn about_one(
    global: &GlobalArgs,
    args: &SimulateArgs,
    origin: &Origin<'_>,
) -> Result<Question, Error> {
    let scope = ScopeArgs {
        names: args.names.clone(),
        all_namespaces: false,
        selector: None,
    };
    match names::parse(&args.names)?.as_slice() {
        [_] => {}
        [] => {
            return Err(Error::Usage {
                message: "expected the name of an autoscaler".to_owned(),
                hint: Some(
                    "type `kubectl stepscale simulate hpa/web --min 2`; `kubectl stepscale \
                     analyze -o name` lists what there is"
                        .to_owned(),
                ),
            });
        }
        [_, _, ..] => {
            return Err(Error::Usage {
                message: "only one autoscaler can be simulated at a time".to_owned(),
                hint: Some("run it once for each".to_owned()),
            });
        }
    }
    question(
        global,
        &scope,
        args.from.as_deref(),
        &args.history,
        &args.prometheus,
        origin,
    )
}

fn overrides(args: &SettingsArgs) -> Overrides {
    Overrides {
        min: args.min,
        max: args.max,
        cpu: args.cpu,
        memory: args.memory,
        scale_up: RuleOverrides {
            window_seconds: args.scale_up_window,
            select: args.scale_up_select,
            policies: args.scale_up_policies.clone(),
            tolerance: args.tolerance_up,
        },
        scale_down: RuleOverrides {
            window_seconds: args.scale_down_window,
            select: args.scale_down_select,
            policies: args.scale_down_policies.clone(),
            tolerance: args.tolerance_down,
        },
        keda: KedaOverrides {
            thresholds: args.thresholds.clone(),
            cooldown_period: args.cooldown_period,
            polling_interval: args.polling_interval,
            fallback_replicas: args.fallback_replicas.map(|it| it.0),
            fallback_after: args.fallback_after.map(u32::from),
        },
        schedule: Plan::new(args.schedule.clone()),
    }
}

/// What is wrong whatever the autoscaler has need not be asked for first.
fn refuse_crossed(overrides: &Overrides) -> Result<(), Error> {
    match (overrides.min, overrides.max) {
        (Some(min), Some(max)) if min > max => Err(Error::Usage {
            message: format!("--min {min} is above --max {max}"),
            hint: Some(format!("pass --min of 1 to {max}, or a higher --max")),
        }),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
