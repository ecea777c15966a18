//! Checks of changes that are on probation: what is in force, what became of it, what follows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::task;

use super::Session;
use crate::analysis::settings::Settings;
use crate::analysis::verification::{self, Input};
use crate::analysis::{self};
use crate::cli::context::Context;
use crate::cli::sources::{self, Asking, Observed, Seen, finished};
use crate::conduct::{Conductor, OnProbation, Standing};
use crate::config::act::Probation;
use crate::error::Error;
use crate::lifecycle::slo::Whose;
use crate::lifecycle::step::{Check, Verdict};
use crate::store::Stored;

/// One look at some of them.
pub(in crate::cli) struct Pass<'a> {
    pub(in crate::cli) cx: &'a Context,
    pub(in crate::cli) session: &'a Session,
    pub(in crate::cli) conductor: &'a Conductor<'a>,
    pub(in crate::cli) probation: &'a Probation,
}

impl Pass<'_> {
    /// Judges each that is on probation, and takes back what degraded. In the order of `records`,
    /// each as it is kept afterwards, or why that cannot be said.
    pub(in crate::cli) async fn look(&self, records: Vec<Stored>) -> Vec<Result<Stored, Error>> {
        let mut looked: Vec<Option<Result<Stored, Error>>> = vec![];
        let mut waiting: BTreeMap<String, Vec<(usize, OnProbation)>> = BTreeMap::new();
        for (place, stored) in records.into_iter().enumerate() {
            looked.push(match self.conductor.standing(stored).await {
                Ok(Standing::OnProbation(it)) => {
                    let namespace = it.stored.record.autoscaler.namespace.clone();
                    waiting.entry(namespace).or_default().push((place, *it));
                    None
                }
                Ok(Standing::Ended(stored)) => Some(Ok(*stored)),
                Err(error) => Some(Err(error.into())),
            });
        }
        for (namespace, group) in waiting {
            for (place, judged) in self.look_at(&namespace, group).await {
                looked[place] = Some(judged);
            }
        }
        looked.into_iter().flatten().collect()
    }

    /// All of one namespace, which are read together.
    async fn look_at(
        &self,
        namespace: &str,
        group: Vec<(usize, OnProbation)>,
    ) -> Vec<(usize, Result<Stored, Error>)> {
        let observed = self.observe(namespace, &group).await;
        let (mut observed, now) = match observed {
            Ok(observed) => observed,
            Err(error) => return self.unmeasured(group, &error).await,
        };
        let mut judged = vec![];
        for (place, on_probation) in group {
            let check = self.check(&on_probation, &mut observed, now).await;
            judged.push((place, self.judge(&on_probation, check).await));
        }
        judged
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
            judged.push((place, self.judge(&on_probation, check).await));
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
            verification::verify(&input).check()
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
