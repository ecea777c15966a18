//! `apply -f`: the change in the manifests that the autoscalers come from.

mod manifests;

use std::collections::BTreeSet;

use tokio::task;

use super::Session;
use super::told;
use crate::cli::context::Context;
use crate::cli::sources::finished;
use crate::config::act::{ApplyConfig, DryRun, InFiles};
use crate::error::{self, Error, Exit};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::output::patch::{file, unified};
use crate::store::Stored;
use crate::yaml::edit;
use manifests::Manifest;

pub(super) async fn run(
    cx: &Context,
    session: &Session,
    config: &ApplyConfig,
    files: &InFiles,
) -> Result<Exit, Error> {
    let mut chosen = session.chosen(cx, &config.records).await?;
    let is_named = !config.records.names.is_empty();
    if !is_named {
        chosen.retain(|it| is_for_git(&it.record, config.yes));
    }
    let paths = files.paths.clone();
    let read = finished(task::spawn_blocking(move || manifests::read(&paths)).await)?;
    let is_printed = !files.in_place && config.dry_run == DryRun::None;
    if is_printed && read.len() > 1 {
        return Err(Error::Usage {
            message: format!("{} files cannot be printed as one", read.len()),
            hint: Some("pass --in-place, or --dry-run=client to see what would change".to_owned()),
        });
    }
    let namespace = session.namespace(&config.records.namespaces);
    let mut editor = Editor {
        manifests: read,
        namespace: namespace.unwrap_or_else(|| session.cluster.namespace()),
        is_named,
        unreadable: BTreeSet::new(),
        done: vec![],
    };
    if let Some(exit) = editor.edit(cx, &chosen) {
        cx.note("no file was changed");
        return Ok(exit);
    }
    editor.warn(cx);
    if editor.done.is_empty() {
        cx.note("nothing to apply: no recommendation is for an autoscaler in these files");
    }
    if is_printed {
        return editor.print(cx);
    }
    if config.dry_run == DryRun::None {
        manifests::write(&editor.manifests)?;
        return editor.say(cx);
    }
    editor.diff(cx)
}

/// Whether Git should have it. What is in force already would be undone by a sync without it.
fn is_for_git(record: &Record, only_approved: bool) -> bool {
    match record.status.phase {
        Phase::Pending
        | Phase::Approved
        | Phase::Applied
        | Phase::Verified
        | Phase::Blocked
        | Phase::Failed => record.approved || !only_approved,
        Phase::Degraded | Phase::RolledBack | Phase::Rejected | Phase::Superseded => false,
    }
}

struct Editor<'a> {
    manifests: Vec<Manifest>,
    /// Of objects that name none.
    namespace: &'a str,
    /// Whether every recommendation must be for an autoscaler in the files.
    is_named: bool,
    /// Why files were left out.
    unreadable: BTreeSet<String>,
    done: Vec<Done>,
}

/// A recommendation that the manifest of that index has now.
struct Done {
    name: String,
    manifest: usize,
    is_new: bool,
}

impl Editor<'_> {
    /// Makes all changes, in memory; the exit code where one of them cannot be made.
    fn edit(&mut self, cx: &Context, chosen: &[Stored]) -> Option<Exit> {
        let mut exit = None;
        for stored in chosen {
            if let Err(error) = self.edit_one(&stored.record) {
                exit.get_or_insert(told(cx, &error.into()));
            }
        }
        exit
    }

    fn edit_one(&mut self, record: &Record) -> Result<(), error::files::Error> {
        let Some(index) = self.place(record)? else {
            return Ok(());
        };
        let manifest = &mut self.manifests[index];
        let edited = file::edited(&manifest.after, record);
        let edited = edited.map_err(|source| manifest.failed(source))?;
        self.done.push(Done {
            name: record.name.clone(),
            manifest: index,
            is_new: edited != manifest.after,
        });
        manifest.after = edited;
        Ok(())
    }

    /// The one manifest that has the autoscaler; `None` where none need have it.
    fn place(&mut self, record: &Record) -> Result<Option<usize>, error::files::Error> {
        let (mut found, mut failed) = (vec![], None);
        for (index, manifest) in self.manifests.iter().enumerate() {
            match file::has(&manifest.after, record, self.namespace) {
                Ok(true) => found.push(index),
                Ok(false) => {}
                Err(error) if self.is_named || !is_unreadable(&error) => {
                    failed.get_or_insert(manifest.failed(error));
                }
                Err(error) => {
                    let name = &manifest.name;
                    self.unreadable.insert(format!("{name}: {error}"));
                }
            }
        }
        let names = |all: &[usize]| {
            let all = all.iter().map(|it| self.manifests[*it].name.clone());
            all.collect()
        };
        let autoscaler = record.autoscaler.to_string();
        match (found.as_slice(), failed) {
            ([one], _) => Ok(Some(*one)),
            ([], Some(error)) => Err(error),
            ([], None) if self.is_named => Err(error::files::Error::Missing {
                autoscaler,
                files: self.manifests.iter().map(|it| it.name.clone()).collect(),
            }),
            ([], None) => Ok(None),
            (several, _) => Err(error::files::Error::Several {
                autoscaler,
                files: names(several),
            }),
        }
    }

    fn warn(&self, cx: &Context) {
        for why in &self.unreadable {
            cx.note(&format!("warning: left out {why}"));
        }
    }

    fn print(&self, cx: &Context) -> Result<Exit, Error> {
        for done in self.done.iter().filter(|it| !it.is_new) {
            cx.note(&self.line(done));
        }
        for manifest in &self.manifests {
            cx.print(|out| out.write_all(manifest.after.as_bytes()))?;
        }
        Ok(Exit::Clean)
    }

    fn diff(&self, cx: &Context) -> Result<Exit, Error> {
        for done in self.done.iter().filter(|it| !it.is_new) {
            cx.note(&self.line(done));
        }
        for it in &self.manifests {
            let text = unified::diff(&it.name, &it.before, &it.after);
            cx.print(|out| out.write_all(text.as_bytes()))?;
        }
        Ok(Exit::Clean)
    }

    fn say(&self, cx: &Context) -> Result<Exit, Error> {
        cx.print(|out| {
            let mut done = self.done.iter();
            done.try_for_each(|it| writeln!(out, "{}", self.line(it)))
        })?;
        Ok(Exit::Clean)
    }

    fn line(&self, done: &Done) -> String {
        let what = if done.is_new {
            "written to"
        } else {
            "unchanged in"
        };
        let file = &self.manifests[done.manifest].name;
        format!(
            "scalingrecommendation.stepscale.io/{} {what} {file}",
            done.name
        )
    }
}

/// Whether nothing at all can be known of a file, such as of one among many that is a template.
fn is_unreadable(error: &file::Error) -> bool {
    matches!(
        error,
        file::Error::Text(
            edit::Error::Syntax { .. } | edit::Error::Tab { .. } | edit::Error::Template { .. }
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    #[test]
    fn git_gets_what_is_wanted_or_in_force() {
        let cases = [
            (Phase::Pending, false, true, false),
            (Phase::Pending, true, true, true),
            (Phase::Blocked, true, true, true),
            (Phase::Applied, true, true, true),
            (Phase::Verified, true, true, true),
            (Phase::Degraded, true, false, false),
            (Phase::RolledBack, true, false, false),
            (Phase::Rejected, false, false, false),
        ];
        for (phase, approved, any, only_approved) in cases {
            let mut record = made_up::record();
            record.status.phase = phase;
            record.approved = approved;
            assert_eq!(is_for_git(&record, false), any, "{phase}");
            assert_eq!(is_for_git(&record, true), only_approved, "{phase}");
        }
    }
}
