//! Checks of changes that are on probation: what is in force, what became of it, what follows.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::task;
use tokio::time::{Instant, timeout_at};

use super::Session;
use crate::analysis::settings::Settings;
use crate::analysis::verification::{self, Input};
use crate::analysis::{self, jobs};
use crate::cli::context::Context;
use crate::cli::sources::{self, Asking, Known, Observed, Seen, finished};
use crate::conduct::{Conductor, OnProbation, Standing};
use crate::config::act::Probation;
use crate::error::Error;
use crate::lifecycle::slo::Whose;
use crate::lifecycle::step::{Check, Verdict};
use crate::store::Stored;

/// How many are asked about at once where time is short.
const AT_ONCE: usize = 4;

/// One look at some of them.
pub(in crate::cli) struct Pass<'a> {
    pub(in crate::cli) cx: &'a Context,
    pub(in crate::cli) session: &'a Session,
    pub(in crate::cli) conductor: &'a Conductor<'a>,
    pub(in crate::cli) probation: &'a Probation,
    /// For whoever looks again and again.
    pub(in crate::cli) known: Option<&'a Known<'a>>,
    /// `None` for as long as it takes.
    pub(in crate::cli) turn: Option<Turn>,
}

/// The time that a look has. Nothing of it is begun after its end, and no part takes all of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Turn {
    pub(in crate::cli) began: Instant,
    pub(in crate::cli) length: Duration,
}

impl Turn {
    /// Of the turn, a quarter is what one change may take, so that others have the rest.
    const OF_ONE: u32 = 4;
    /// And half of it what their history may take, so that there is time to say that it did not come.
    const OF_HISTORY: u32 = 2;

    fn is_over(&self) -> bool {
        self.began.elapsed() >= self.length
    }

    /// When a part that begins now has to be over.
    fn end_of(&self, part: u32) -> Instant {
        let end = self.began + self.length;
        end.min(Instant::now() + self.length / part)
    }
}

impl Pass<'_> {
    /// Judges each that is on probation, and takes back what degraded. In the order of `records`,
    /// each as it is kept afterwards, or why that cannot be said.
    pub(in crate::cli) async fn look(&self, records: Vec<Stored>) -> Vec<Result<Stored, Error>> {
        let mut looked: Vec<Option<Result<Stored, Error>>> = vec![];
        let mut waiting: BTreeMap<String, Vec<(usize, OnProbation)>> = BTreeMap::new();
        for (place, standing) in self.standings(records).await.into_iter().enumerate() {
            looked.push(match standing {
                Ok(Standing::OnProbation(it)) => {
                    let namespace = it.stored.record.autoscaler.namespace.clone();
                    waiting.entry(namespace).or_default().push((place, *it));
                    None
                }
                Ok(Standing::Ended(stored)) => Some(Ok(*stored)),
                Err(error) => Some(Err(error)),
            });
        }
        for (namespace, group) in waiting {
            for (place, judged) in self.look_at(&namespace, group).await {
                looked[place] = Some(judged);
            }
        }
        looked.into_iter().flatten().collect()
    }

    /// Where each stands, in their order. Where time is short, several are asked for at once.
    async fn standings(&self, records: Vec<Stored>) -> Vec<Result<Standing, Error>> {
        let standings = records.into_iter().map(|stored| async move {
            let title = stored.record.title();
            let standing = async { Ok(self.conductor.standing(stored).await?) };
            self.in_time(Turn::OF_ONE, &title, standing).await
        });
        let at_once = self.turn.map_or(1, |_| AT_ONCE);
        stream::iter(standings).buffered(at_once).collect().await
    }

    /// All of one namespace, which are read together.
    async fn look_at(
        &self,
        namespace: &str,
        group: Vec<(usize, OnProbation)>,
    ) -> Vec<(usize, Result<Stored, Error>)> {
        let what = format!("history of namespace {namespace}");
        let observing = self.observe(namespace, &group);
        let (mut observed, now) = match self.in_time(Turn::OF_HISTORY, &what, observing).await {
            Ok(observed) => observed,
            Err(error) => return self.unmeasured(group, &error).await,
        };
        let mut judged = vec![];
        for (place, on_probation) in group {
            let title = on_probation.stored.record.title();
            let judging = async {
                let check = self.check(&on_probation, &mut observed, now).await;
                self.judge(&on_probation, check).await
            };
            let ended = self.in_time(Turn::OF_ONE, &title, judging).await;
            judged.push((place, ended));
        }
        judged
    }

    /// The same within a part of the turn.
    ///
    /// # Errors
    /// [`Error::Late`] where it took longer, or there is no time left for it.
    async fn in_time<T>(
        &self,
        part: u32,
        what: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        // Kept off the stack: it is a part of much else.
        let work = Box::pin(work);
        let Some(turn) = self.turn else {
            return work.await;
        };
        let late = || Error::Late {
            what: what.to_owned(),
            limit: turn.length / part,
        };
        if turn.is_over() {
            return Err(late());
        }
        let ended = timeout_at(turn.end_of(part), work).await;
        ended.map_err(|_| late())?
    }

    async fn observe(
        &self,
        namespace: &str,
        group: &[(usize, OnProbation)],
    ) -> Result<(Observed, Timestamp), Error> {
        let now = self.conductor.now().await?;
        let asking = Asking {
            cluster: &self.session.cluster,
            metrics: &self.probation.metrics,
            step: self.probation.step,
            now,
            known: self.known,
        };
        let records = group.iter().map(|it| &it.1.stored.record);
        let ids: Vec<_> = records.clone().map(|it| &it.autoscaler).collect();
        let since = records.filter_map(|it| Some(it.status.applied.as_ref()?.at));
        let since = since.min().unwrap_or(now);
        let progress = self.cx.progress();
        let observed = sources::observe(&asking, namespace, &ids, since, progress).await?;
        Ok((observed, now))
    }

    /// That nothing could be measured is entered in each.
    async fn unmeasured(
        &self,
        group: Vec<(usize, OnProbation)>,
        error: &Error,
    ) -> Vec<(usize, Result<Stored, Error>)> {
        let mut judged = vec![];
        for (place, on_probation) in group {
            let check = unmeasurable(error.to_string());
            let title = on_probation.stored.record.title();
            let judging = self.judge(&on_probation, check);
            let ended = self.in_time(Turn::OF_ONE, &title, judging).await;
            judged.push((place, ended));
        }
        judged
    }

    async fn check(
        &self,
        on_probation: &OnProbation,
        observed: &mut Observed,
        now: Timestamp,
    ) -> Check {
        let record = &on_probation.stored.record;
        let id = &record.autoscaler;
        let Some(Seen { subject, history }) = observed.take(id) else {
            return unmeasurable(format!("{id} may not be read"));
        };
        let workload = match subject.workload {
            Ok(workload) => workload,
            Err(why) => return unmeasurable(analysis::unreadable(&subject.autoscaler, &why)),
        };
        let history = match history {
            Ok(history) => history,
            Err(why) => return unmeasurable(why),
        };
        let applied = record.status.applied.as_ref().map_or(now, |it| it.at);
        let whose = Whose {
            namespace: &id.namespace,
            name: &id.name,
            target: &subject.autoscaler.target.name,
        };
        let slos = &self.probation.objectives;
        let objectives = observed.readings(slos, &whose, applied, now).await;
        let old = Settings::of(&on_probation.before);
        let margins = self.probation.margins;
        // Replays take a while.
        let verified = task::spawn_blocking(move || {
            let input = Input {
                autoscaler: &subject.autoscaler,
                old: &old,
                workload: &workload,
                history: &history,
                applied,
                now,
                margins,
                objectives: &objectives,
            };
            match input.autoscaler.jobs {
                Some(_) => jobs::verification::verify(&input),
                None => verification::verify(&input).check(),
            }
        });
        finished(verified.await)
    }

    async fn judge(&self, on_probation: &OnProbation, check: Check) -> Result<Stored, Error> {
        Ok(self.conductor.judge(&on_probation.stored, check).await?)
    }
}

fn unmeasurable(why: String) -> Check {
    Check {
        verdict: Verdict::Error { why },
        measured: serde_json::Value::Null,
    }
}
