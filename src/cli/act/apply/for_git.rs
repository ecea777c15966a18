//! `apply -o`: what is to be put into the repository that the autoscalers come from.

mod scheduled;

use serde_json::Value;

use super::Session;
use crate::cli::context::Context;
use crate::config::act::{Floors, ForGit, Printed};
use crate::cronjobs::note;
use crate::error::{Error, Exit};
use crate::lifecycle::record::Record;
use crate::output::patch::{self, Proposed};
use crate::store::Stored;

pub(super) async fn print(
    cx: &Context,
    session: &Session,
    chosen: &[Stored],
    asked: &ForGit,
) -> Result<Exit, Error> {
    let conductor = session.decider();
    let (mut parts, mut notes) = (vec![], vec![]);
    for stored in chosen {
        let record = &stored.record;
        let (mut live, mut configuration) = conductor.proposed(record).await?;
        // Git has the minimum of the time without windows.
        note::take_off(&mut live);
        if asked.floors == Floors::Past {
            notes.extend(scheduled::look_back(record, &live, &mut configuration)?);
        }
        parts.push((record, live, configuration));
    }
    let mut text = changes(&parts, asked.what)?;
    for (record, ..) in &parts {
        match asked.what {
            Printed::Patch(_) => notes.extend(scheduled::left_out(record)),
            Printed::Manifest => {
                let jobs = scheduled::jobs(record, &asked.job_image)?;
                notes.extend(jobs.is_some().then(|| scheduled::about_syncs(record)));
                text.extend(jobs.map(|it| format!("---\n{it}")));
            }
        }
    }
    cx.print(|out| out.write_all(text.as_bytes()))?;
    notes.iter().for_each(|it| cx.note(&format!("note: {it}")));
    Ok(Exit::Clean)
}

fn changes(parts: &[(&Record, Value, Value)], what: Printed) -> Result<String, Error> {
    let all: Vec<Proposed<'_>> = parts
        .iter()
        .map(|(record, live, configuration)| Proposed {
            recommendation: &record.name,
            live,
            configuration,
        })
        .collect();
    let text = match what {
        Printed::Patch(patch_type) => patch::patches(&all, patch_type),
        Printed::Manifest => patch::manifests(&all),
    };
    text.map_err(|it| Error::Output(std::io::Error::other(it)))
}
