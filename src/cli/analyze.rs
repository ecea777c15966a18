//! `analyze`: recommend changes to autoscaler settings.

use std::io::Write;

use super::act::Session;
use super::act::save::{Kept, Shelf};
use super::context::Context;
use super::opinions::Opinions;
use super::selected;
use super::sources::{self, Gathered};
use crate::audit;
use crate::cluster::{self, Cluster, Named, Namespaces};
use crate::config::form::{Document, Form};
use crate::config::{Config, FailOn, Input};
use crate::error::{Error, Exit};
use crate::fleet::Fleet;
use crate::near::nearest;
use crate::output::report::AnalysisReport;
use crate::output::summary::counted;
use crate::output::{self, Page, summary};

pub(super) async fn run(cx: Context, config: Config) -> Result<Exit, Error> {
    refuse_page(&config.report.form, cx.prints_to_terminal())?;
    let mut gathered = sources::assess(&config, cx.progress(), cx.now()).await?;
    if let Some(llm) = &config.llm {
        let mut opinions = Opinions::new();
        if llm.dry_run {
            return opinions.dry_run(&cx, llm, &mut gathered.assessments);
        }
        let asked = (&mut *gathered.assessments, cx.progress(), cx.now());
        gathered
            .reading
            .beside
            .extend(opinions.ask(llm, asked).await);
    }
    let saving = Saving::of(&config, &gathered);
    let nothing = nothing_there(&config, &gathered).await;
    let mut report = gathered.report();
    let saving = match saving {
        Some(saving) => Some(saving.begun(&cx, &mut report).await),
        None => None,
    };
    present(&cx, &config, &report)?;
    if let Some(note) = nothing {
        cx.note(&note);
    }
    if let Some(saving) = saving {
        told(&cx, saved(saving, &report).await);
    }
    Ok(exit(&report, config.report.fail_on))
}

/// Where else to look, when nothing was found in the one namespace that was looked at. As with kubectl
/// it is no failure.
async fn nothing_there(config: &Config, gathered: &Gathered) -> Option<String> {
    let fleet = &gathered.fleet;
    if !fleet.subjects.is_empty() || !fleet.unread.is_empty() {
        return None;
    }
    let cluster = gathered.cluster.as_ref()?;
    let namespace = match &config.question.scope.namespaces {
        Namespaces::One(namespace) => namespace,
        Namespaces::Current => cluster.namespace(),
        Namespaces::All | Namespaces::Several(_) => return None,
    };
    let known = cluster.names(Named::NAMESPACES, None).await;
    Some(empty(namespace, known.ok().as_deref()))
}

/// That there is nothing in `namespace`, and the way out; `known` are all namespaces, where they may be
/// listed.
fn empty(namespace: &str, known: Option<&[String]>) -> String {
    let all = "-A looks at all namespaces";
    match known {
        Some(known) if !known.iter().any(|it| it == namespace) => {
            let meant = match nearest(namespace, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("`kubectl get namespaces` lists them, {all}"),
            };
            format!("warning: there is no namespace `{namespace}`; {meant}")
        }
        Some(_) | None => {
            format!("no autoscaler was found in namespace `{namespace}`: {all}, -n at another")
        }
    }
}

/// Nobody reads a page for a browser in a terminal.
fn refuse_page(form: &Form, is_terminal: bool) -> Result<(), Error> {
    if !is_terminal || *form != Form::Document(Document::Html) {
        return Ok(());
    }
    Err(Error::Usage {
        message: "a page for a browser is of no use in a terminal".to_owned(),
        hint: Some("send it to a file: `-o html > report.html`".to_owned()),
    })
}

/// Where what is recommended is kept, for `apply`.
struct Saving {
    cluster: Cluster,
    connection: cluster::Options,
    audit: audit::Settings,
    fleet: Fleet,
}

impl Saving {
    /// `None` where it is not to be kept: of a snapshot, of another time than now, or unasked.
    fn of(config: &Config, gathered: &Gathered) -> Option<Self> {
        let Input::Cluster { connection, .. } = &config.question.input else {
            return None;
        };
        if !config.save || config.question.now.is_some() {
            return None;
        }
        Some(Self {
            cluster: gathered.cluster.clone()?,
            connection: connection.clone(),
            audit: config.audit.clone(),
            fleet: gathered.fleet.clone(),
        })
    }

    /// Looks at what is kept already, so that `report` does not call for what was refused before.
    async fn begun(self, cx: &Context, report: &mut AnalysisReport) -> Result<Begun, Error> {
        let session = Session::with(cx, self.cluster, &self.connection, &self.audit).await?;
        let shelf = Shelf::of(&session, report).await?;
        let (fleet, taken_at) = (self.fleet, report.taken_at);
        report.pass_over(|it| shelf.refuses(it, &fleet, taken_at));
        Ok(Begun {
            session,
            shelf,
            fleet,
        })
    }
}

/// What is kept already is known.
struct Begun {
    session: Session,
    shelf: Shelf,
    fleet: Fleet,
}

/// What was kept, and where.
async fn saved(
    begun: Result<Begun, Error>,
    report: &AnalysisReport,
) -> Result<(Kept, String), Error> {
    let Begun {
        session,
        shelf,
        fleet,
    } = begun?;
    let kept = shelf.keep(&session.decider(), report, &fleet).await?;
    let place = session.store.place_of(kept.waiting);
    Ok((kept, place))
}

/// An analysis is of use also where it cannot be kept.
fn told(cx: &Context, saved: Result<(Kept, String), Error>) {
    match saved {
        Ok((kept, place)) => {
            let warnings = kept.left_out.iter();
            warnings.for_each(|it| cx.note(&format!("warning: left out {it}")));
            if kept.waiting > 0 {
                cx.note(&format!(
                    "{} saved as {place}: review with `kubectl stepscale status`, then `apply`",
                    counted(kept.waiting, "recommendation")
                ));
            }
        }
        Err(error) => {
            let text = error.render();
            let why = text.trim_end().trim_start_matches("error: ");
            cx.note(&format!(
                "warning: the recommendations were not saved (--no-save where they need not be): \
                 {why}"
            ));
        }
    }
}

fn present(cx: &Context, config: &Config, report: &AnalysisReport) -> Result<(), Error> {
    let page = Page {
        width: cx.width(),
        with_namespace: config.question.scope.namespaces == Namespaces::All,
    };
    let asked = &config.report;
    let answer = |out: &mut dyn Write| output::answer(out, report, asked, page);
    if let Form::Selected(selection) = &asked.form {
        selected::print(cx, selection, report, !asked.view.no_headers)?;
    } else if asked.form.is_for_people() {
        cx.print_text(answer)?;
    } else {
        cx.print(answer)?;
    }
    for line in summary::closing(report, &config.report.form, cx.elapsed()) {
        cx.note(&line);
    }
    Ok(())
}

/// A gate must not pass on what it could not see; a reader of the table sees for himself, unless
/// there is nothing to see at all.
pub(super) fn exit(report: &AnalysisReport, fail_on: FailOn) -> Exit {
    let is_gate = fail_on != FailOn::Never;
    if report.reaches(fail_on) {
        Exit::Found
    } else if report.is_blind() || is_gate && report.is_incomplete() {
        Exit::Unreachable
    } else {
        Exit::Clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::report::{FindingCounts, Summary, made_up};

    #[test]
    fn only_a_page_is_kept_from_a_terminal() {
        let html = Form::Document(Document::Html);
        assert!(refuse_page(&html, false).is_ok());
        let refused = refuse_page(&html, true).unwrap_err();
        let hint = refused.hint().unwrap_or_default();
        assert!(hint.contains("-o html > report.html"), "{hint}");
        let markdown = Form::Document(Document::Markdown);
        assert!(refuse_page(&markdown, true).is_ok());
        assert!(refuse_page(&Form::default(), true).is_ok());
    }

    #[test]
    fn where_nothing_is_found_the_way_out_is_told() {
        let known = ["default", "shop"].map(str::to_owned);
        assert_eq!(
            empty("default", Some(&known)),
            "no autoscaler was found in namespace `default`: -A looks at all namespaces, -n at another"
        );
        // Who may not list namespaces is not told that there is none.
        assert_eq!(
            empty("shp", None),
            empty("default", None).replace("default", "shp")
        );
        assert_eq!(
            empty("shp", Some(&known)),
            "warning: there is no namespace `shp`; did you mean `shop`?"
        );
        assert_eq!(
            empty("elsewhere", Some(&known)),
            "warning: there is no namespace `elsewhere`; `kubectl get namespaces` lists them, -A looks \
             at all namespaces"
        );
    }

    #[test]
    fn a_gate_fails_for_what_it_finds_and_for_what_it_cannot_see() {
        let everything = made_up::report();
        let mut unseen = everything.clone();
        unseen.summary = Summary {
            findings: FindingCounts::default(),
            ..Summary::default()
        };
        let mut blind = unseen.clone();
        blind.items.clear();
        let mut clean = unseen.clone();
        clean.unread.clear();
        let cases = [
            (&everything, Exit::Clean, Exit::Found),
            (&unseen, Exit::Clean, Exit::Unreachable),
            (&blind, Exit::Unreachable, Exit::Unreachable),
            (&clean, Exit::Clean, Exit::Clean),
        ];
        for (report, without_gate, with_gate) in cases {
            assert_eq!(exit(report, FailOn::Never), without_gate);
            assert_eq!(exit(report, FailOn::Warning), with_gate);
        }
    }
}
