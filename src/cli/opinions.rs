//! Second opinions of a language model, between analysis and report.
//!
//! Whatever comes of it, an analysis goes on: what the rules say stands, and the report tells why there is
//! no opinion.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::context::Context;
use crate::analysis::assessment::Assessment;
use crate::analysis::opinion::{Judged, Opinion, Question, Trouble};
use crate::config::llm::Llm;
use crate::error::{self, Exit};
use crate::llm::{self, Cache, Error, Forms, Request};
use crate::metrics::{Topic, Warning};
use crate::output::progress::{Progress, Stage};
use crate::output::summary::counted;

/// Asks about what is recommended, and remembers what was said.
#[derive(Debug)]
pub(super) struct Opinions {
    cache: Cache,
    forms: Forms,
}

/// A recommendation that nothing was said of yet.
struct Open {
    /// Of the assessments.
    place: usize,
    question: Question,
    request: Result<Request, Error>,
}

impl Opinions {
    /// With what is remembered of earlier runs.
    pub(super) fn new() -> Self {
        Self {
            cache: Cache::of_user(),
            forms: Forms::default(),
        }
    }

    /// Lets a model say something of each recommendation. Gives warnings, one for each kind of trouble.
    pub(super) async fn ask(
        &mut self,
        llm: &Llm,
        (assessments, progress, now): (&mut [Assessment], &Progress, Timestamp),
    ) -> Vec<Warning> {
        let open = self.remembered(llm, assessments, now);
        let requests: Vec<Request> = open
            .iter()
            .filter_map(|it| it.request.clone().ok())
            .collect();
        if !requests.is_empty() {
            let to = llm.options.name();
            progress.at(&Stage::Connect { to });
        }
        let answers = llm::pass(&llm.options, &self.forms, &requests).await;
        let mut answers = answers.into_iter();
        for Open {
            place,
            question,
            request,
        } in open
        {
            let answer = match request {
                Ok(_) => answers.next().unwrap_or(Err(Error::GivenUp(String::new()))),
                Err(error) => Err(error),
            };
            if let Ok(text) = &answer {
                self.cache.put(&llm.options, &question, text, now);
            }
            let judged = answer.map_err(|it| Trouble::from(&it));
            let judged = judged.and_then(|text| question.judge(&text));
            settle(llm, &mut assessments[place], judged);
        }
        warnings(llm, assessments)
    }

    /// Prints what would be sent now, byte by byte, each request with a line break after it.
    pub(super) fn dry_run(
        &mut self,
        cx: &Context,
        llm: &Llm,
        assessments: &mut [Assessment],
    ) -> Result<Exit, error::Error> {
        let requests = self.requests(llm, assessments, cx.now());
        let requests = requests.map_err(|it| error::Error::usage(it.to_string()))?;
        cx.print(|out| {
            requests.iter().try_for_each(|it| {
                out.write_all(it.body())?;
                out.write_all(b"\n")
            })
        })?;
        cx.note(&match requests.first() {
            Some(first) => format!(
                "{} would be sent to {}; nothing was sent",
                counted(requests.len(), "request"),
                first.shown_url()
            ),
            None => "nothing would be sent: there is no recommendation without a second opinion"
                .to_owned(),
        });
        Ok(Exit::Clean)
    }

    /// What would be sent now, in this order.
    fn requests(
        &mut self,
        llm: &Llm,
        assessments: &mut [Assessment],
        now: Timestamp,
    ) -> Result<Vec<Request>, Error> {
        let open = self.remembered(llm, assessments, now);
        let most = usize::try_from(llm.options.budget.requests).unwrap_or(usize::MAX);
        open.into_iter().take(most).map(|it| it.request).collect()
    }

    /// Lets what was said before count, and gives what is still to be asked, by name.
    fn remembered(
        &mut self,
        llm: &Llm,
        assessments: &mut [Assessment],
        now: Timestamp,
    ) -> Vec<Open> {
        let mut places: Vec<usize> = (0..assessments.len()).collect();
        places.sort_by(|a, b| assessments[*a].autoscaler.cmp(&assessments[*b].autoscaler));
        let mut open = Vec::new();
        for place in places {
            let Some(question) = Question::of(&assessments[place], llm.naming) else {
                continue;
            };
            match self.cache.get(&llm.options, &question, now) {
                Some((asked, text)) => settle(llm, &mut assessments[place], asked.judge(&text)),
                None => open.push(Open {
                    request: Request::of(&llm.options, &question),
                    place,
                    question,
                }),
            }
        }
        open
    }
}

fn settle(llm: &Llm, assessment: &mut Assessment, judged: Result<Judged, Trouble>) {
    let by = (llm.options.provider.as_str(), &*llm.options.model);
    Opinion::settle(assessment, by, judged);
}

/// One line for each kind of trouble, the same as long as it lasts.
fn warnings(llm: &Llm, assessments: &[Assessment]) -> Vec<Warning> {
    let opinions = assessments.iter().filter_map(|it| it.opinion.as_ref());
    let troubles = opinions.filter_map(|it| it.trouble.as_ref());
    let told: BTreeSet<(_, &str)> = troubles.map(|it| (it.code, &*it.message)).collect();
    let mut warnings: Vec<Warning> = Vec::new();
    let mut last = None;
    for (code, message) in told {
        // Of what differs by object alone, the first tells enough.
        if last.replace(code) != Some(code) {
            let by = &llm.options.name();
            let text = format!("no second opinion from {by} ({code}): {message}");
            warnings.push(Warning::of(Topic::SecondOpinions, text));
        }
    }
    warnings
}
