//! What `explain` is to tell of.

use super::{Origin, analysis, llm, question};
use crate::analysis::AnalysisSettings;
use crate::analysis::portrait::Detail;
use crate::cli::args::explain::ExplainArgs;
use crate::cli::args::{GlobalArgs, ScopeArgs};
use crate::cli::names;
use crate::config::explain::{Asked, ExplainConfig};
use crate::error::Error;

pub(in crate::cli) fn explain(
    global: &GlobalArgs,
    args: &ExplainArgs,
    origin: &Origin<'_>,
) -> Result<ExplainConfig, Error> {
    refuse_not_one(&args.names)?;
    let scope = ScopeArgs {
        names: args.names.clone(),
        all_namespaces: false,
        selector: None,
    };
    let question = question(
        global,
        &scope,
        args.from.as_deref(),
        &args.history,
        &args.prometheus,
        origin,
    )?;
    let settings = analysis::settings(&args.analysis, question.window, origin)?;
    Ok(ExplainConfig {
        analysis: AnalysisSettings {
            portrait: Some(Detail::Every),
            ..settings
        },
        opencost: analysis::opencost(&args.analysis.prices, origin)?,
        llm: llm::llm_or_dry_run(&args.llm, args.llm_dry_run, origin)?,
        view: args.view.unwrap_or_default(),
        asked: args.at.map(Asked::At).or(args.since.map(Asked::Since)),
        form: args.form.clone().unwrap_or_default(),
        question,
    })
}

fn refuse_not_one(names: &[String]) -> Result<(), Error> {
    match names::parse(names)?.as_slice() {
        [_] => Ok(()),
        [] => Err(Error::Usage {
            message: "expected the name of an autoscaler".to_owned(),
            hint: Some(
                "type `kubectl stepscale explain hpa/web`; `kubectl stepscale analyze -o name` \
                 lists what there is"
                    .to_owned(),
            ),
        }),
        [_, _, ..] => Err(Error::Usage {
            message: "only one autoscaler can be explained at a time".to_owned(),
            hint: Some("run it once for each".to_owned()),
        }),
    }
}
