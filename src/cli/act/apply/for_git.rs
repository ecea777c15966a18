//! `apply -o`: what is to be put into the repository that the autoscalers come from.

use super::Session;
use crate::cli::context::Context;
use crate::config::act::ForGit;
use crate::error::{Error, Exit};
use crate::output::patch::{self, Proposed};
use crate::store::Stored;

pub(super) async fn print(
    cx: &Context,
    session: &Session,
    chosen: &[Stored],
    form: ForGit,
) -> Result<Exit, Error> {
    let conductor = session.decider();
    let mut parts = vec![];
    for stored in chosen {
        let (live, configuration) = conductor.proposed(&stored.record).await?;
        parts.push((&stored.record.name, live, configuration));
    }
    let all: Vec<Proposed<'_>> = parts
        .iter()
        .map(|(recommendation, live, configuration)| Proposed {
            recommendation,
            live,
            configuration,
        })
        .collect();
    let text = match form {
        ForGit::Patch(patch_type) => patch::patches(&all, patch_type),
        ForGit::Manifest => patch::manifests(&all),
    };
    let text = text.map_err(|it| Error::Output(std::io::Error::other(it)))?;
    cx.print(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Clean)
}
