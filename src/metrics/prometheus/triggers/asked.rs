//! A trigger's own query, asked over the whole window.
//!
//! These are queries of users, which may be slow, large, or wrong. So the end of the window is asked
//! for first, and no query takes longer than a few requests do; one that fails leaves its trigger
//! without values, and once some were not answered in time no others are asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use super::answers::Answers;
use crate::metrics::prometheus::client::{Client, Narrowing, RangeQuery};
use crate::metrics::prometheus::error::Error;
use crate::metrics::prometheus::plan;
use crate::metrics::prometheus::server::{Likeness, Server};
use crate::metrics::triggers::{Origin, Query, Question};
use crate::metrics::{Wanted, prometheus::labels::Labels};
use crate::series::{Grid, Series};

/// So many times at the end of the window tell whether the rest is worth asking for.
const PROBE: usize = 12;

/// How many times the time limit of a request all requests of one query may take.
const REQUESTS_LONG: u32 = 3;

/// A server that cannot answer at once is asked for parts, down to this share of the window.
const SMALLEST_SHARE: usize = 8;

/// After so many queries that were not answered in time, no others are asked.
const PATIENCE: u32 = 3;

/// What is remembered of queries between readings of one source: those that found anything. Such a
/// query is one that this source knows, so that nothing found means that there was nothing.
#[derive(Debug, Default)]
pub(in crate::metrics::prometheus) struct Memory(Mutex<BTreeSet<Question>>);

impl Memory {
    fn knows(&self, question: &Question) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(question)
    }

    fn keep(&self, question: &Question) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(question) {
            known.insert(question.clone());
        }
    }
}

/// What came of a question: answers, or why there are none.
type Outcome = Result<Arc<Answers>, String>;

/// The queries of one reading.
#[derive(Debug)]
pub(in crate::metrics::prometheus) struct Queries {
    memory: Arc<Memory>,
    /// Of those that several triggers ask.
    shared: BTreeMap<Question, OnceCell<Outcome>>,
    /// How many were not answered in time.
    unanswered: AtomicU32,
}

impl Queries {
    pub(in crate::metrics::prometheus) fn new(wanted: &[Wanted], memory: Arc<Memory>) -> Self {
        let mut count: BTreeMap<&Question, usize> = BTreeMap::new();
        for query in wanted.iter().flat_map(queries_of) {
            *count.entry(&query.question).or_default() += 1;
        }
        let several = count.into_iter().filter(|it| it.1 > 1);
        Self {
            memory,
            shared: several.map(|it| (it.0.clone(), OnceCell::new())).collect(),
            unanswered: AtomicU32::new(0),
        }
    }

    /// The values of a trigger by its own query.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn values(
        &self,
        client: &Client,
        query: &Query,
        grid: Grid,
    ) -> Result<Series, String> {
        let is_its_own = is_its_own(client, query)?;
        let answers = self.answers(client, &query.question, grid).await?;
        if answers.is_anything() {
            self.memory.keep(&query.question);
        } else if !is_its_own && !self.memory.knows(&query.question) {
            return Err(format!(
                "its query finds nothing at {}, and whether its own server {} is the same cannot be told",
                client.name(),
                query.server
            ));
        }
        let series = answers.series(query.ignores_null);
        let is_known = series.known().next().is_some();
        match is_known {
            true => Ok(series),
            false if answers.is_anything() => Err(SEVERAL.to_owned()),
            false => Err("its query gives no value".to_owned()),
        }
    }

    async fn answers(&self, client: &Client, question: &Question, grid: Grid) -> Outcome {
        match self.shared.get(question) {
            Some(cell) => cell
                .get_or_init(|| self.asked(client, question, grid))
                .await
                .clone(),
            None => self.asked(client, question, grid).await,
        }
    }

    async fn asked(&self, client: &Client, question: &Question, grid: Grid) -> Outcome {
        if self.unanswered.load(Ordering::Relaxed) >= PATIENCE {
            return Err(format!(
                "its query was not asked, since {PATIENCE} others were not answered in time"
            ));
        }
        let began = Instant::now();
        let longest = client.timeout() * REQUESTS_LONG;
        let asked = timeout(longest, whole(client, question, grid)).await;
        let (why, is_passing) = match asked {
            Ok(Ok(answers)) if answers.is_several() => return Err(SEVERAL.to_owned()),
            Ok(Ok(answers)) => return Ok(Arc::new(answers)),
            Ok(Err(error)) => (error.to_string(), error.is_passing(true)),
            Err(_) => (
                format!("its query took more than {} s", longest.as_secs()),
                true,
            ),
        };
        // A server that gives up on a query tells so, after about as long as it was allowed.
        if is_passing || began.elapsed() > client.timeout() / 2 {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        Err(why)
    }
}

const SEVERAL: &str = "its query gives several series, of which KEDA takes none";

fn queries_of(wanted: &Wanted) -> impl Iterator<Item = &Query> {
    let all = wanted.triggers.iter().flat_map(|it| &it.all);
    all.filter_map(|it| match &it.origin {
        Origin::Query(query) => Some(query),
        Origin::Schedule(_) | Origin::Recorded { .. } => None,
    })
}

/// Whether the source is certainly the server that the trigger asks.
///
/// # Errors
/// Where it is another one, or may be and would answer with more than the trigger is to see.
fn is_its_own(client: &Client, query: &Query) -> Result<bool, String> {
    let (asked, source) = (Server::of_url(&query.server), client.server());
    let likeness = match (asked, source) {
        (Some(asked), Some(source)) => asked.likeness(source),
        (None, _) | (_, None) => Likeness::Unknown,
    };
    match likeness {
        Likeness::Same => Ok(true),
        Likeness::OtherPort | Likeness::Unknown if query.question.is_narrowed() => Err(format!(
            "it asks {} for its namespace or tenant alone, which {} may not know of",
            query.server,
            client.name()
        )),
        Likeness::OtherPort => Ok(true),
        Likeness::Unknown => Ok(false),
        Likeness::Other => Err(format!(
            "it asks {}, and the history is from {}",
            query.server,
            client.name()
        )),
    }
}

/// All of the window: its end first, and the rest only if that is one series at some time.
async fn whole(client: &Client, question: &Question, grid: Grid) -> Result<Answers, Error> {
    let len = grid.len();
    let mut answers = Answers::none(grid);
    if len == 0 {
        return Ok(answers);
    }
    let rest = len.saturating_sub(PROBE);
    let probe = part(client, question, grid, rest..len).await?;
    if probe.is_several() {
        return Ok(probe);
    }
    answers.put(rest, &probe);
    let mut runs: VecDeque<Range<usize>> = plan::runs(rest).into();
    while let Some(run) = runs.pop_front().filter(|it| !it.is_empty()) {
        match part(client, question, grid, run.clone()).await {
            Ok(part) => answers.put(run.start, &part),
            Err(Error::TooMuch { .. } | Error::Timeout { .. })
                if run.len() > len / SMALLEST_SHARE && run.len() > PROBE =>
            {
                let middle = run.start + run.len() / 2;
                runs.push_front(middle..run.end);
                runs.push_front(run.start..middle);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(answers)
}

async fn part(
    client: &Client,
    question: &Question,
    grid: Grid,
    run: Range<usize>,
) -> Result<Answers, Error> {
    let times = grid.part(run);
    let query = RangeQuery {
        expr: question.promql.clone(),
        start: times.start(),
        end: times.end(),
        step: times.step(),
    };
    let narrowing = Narrowing {
        parameters: &question.parameters,
        headers: &question.headers,
    };
    let begin = || Answers::none(times);
    let each = |answers: &mut Answers, _: &Labels, samples: &[_]| answers.add(samples);
    client.narrowed_range(&query, narrowing, begin, each).await
}
