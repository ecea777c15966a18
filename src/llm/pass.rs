//! Several questions: some at once, within a budget, and no more of them once nobody answers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::{Instant, timeout_at};

use super::client::Asking;
use super::{Budget, Error, Forms, Options, Request};

/// Failures in a row after which nobody else is asked for: a server that is down would take the whole
/// budget of time.
const MOST_FAILURES: u32 = 3;

/// What is left of a budget.
pub(super) struct Purse {
    requests: AtomicU32,
    budget: Budget,
    pub(super) until: Instant,
}

impl Purse {
    fn of(budget: Budget) -> Self {
        Self {
            requests: AtomicU32::new(budget.requests),
            until: Instant::now() + budget.time,
            budget,
        }
    }

    /// One request less.
    pub(super) fn take(&self) -> Result<(), Error> {
        let left = |it: u32| it.checked_sub(1);
        let order = Ordering::SeqCst;
        match self.requests.fetch_update(order, order, left) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::NoRequests(self.budget.requests)),
        }
    }
}

/// Failures that follow upon each other, and the one that ended it all.
#[derive(Default)]
struct Luck {
    failures: u32,
    given_up: Option<String>,
}

impl Luck {
    fn note(&mut self, answered: &Result<String, Error>) {
        match answered {
            Err(error) if error.is_of_server() => {
                self.failures += 1;
                if self.failures >= MOST_FAILURES || error.is_for_all() {
                    self.given_up.get_or_insert_with(|| error.to_string());
                }
            }
            Ok(_) | Err(_) => self.failures = 0,
        }
    }
}

/// The words of the model for each of `requests`, in their order; `forms` is what is known of servers from
/// passes before.
///
/// Never fails as a whole, and takes no longer than the budget.
pub async fn pass(
    options: &Options,
    forms: &Forms,
    requests: &[Request],
) -> Vec<Result<String, Error>> {
    if requests.is_empty() {
        return Vec::new();
    }
    let missing = options.missing_key().map(Error::NoKey);
    let asking = match missing.map_or_else(|| Asking::new(options), Err) {
        Ok(asking) => asking,
        Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
    };
    let purse = Purse::of(options.budget);
    let luck = Mutex::new(Luck::default());
    let locked = || {
        luck.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    };
    let one = async |request: &Request| {
        if let Some(why) = locked().given_up.clone() {
            return Err(Error::GivenUp(why));
        }
        let answered = timeout_at(purse.until, asking.words(request, forms, &purse)).await;
        let answered = answered.unwrap_or(Err(Error::NoTime(options.budget.time)));
        locked().note(&answered);
        answered
    };
    let answers = stream::iter(requests).map(one);
    answers.buffered(options.concurrency.max(1)).collect().await
}
