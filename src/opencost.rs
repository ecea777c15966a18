//! What resources cost, as an OpenCost tells it: prices of a CPU and of a GiB for an hour, by namespace.
//!
//! [`prices`] asks its allocation API once and divides what was paid by the hours that it was paid for.
//! An answer that leaves a doubt gives no prices at all: no money is better than a wrong amount. The
//! HTTP side is [`client`], the arithmetic [`allocation`].

mod allocation;
mod client;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::analysis::prices::PriceList;
pub use allocation::{Resource, Unusable};

/// For the whole answer. OpenCost asks its own Prometheus about every pod of the window.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Most bytes of an answer: a namespace takes one or two thousand.
const MOST_BYTES: usize = 10 << 20;

/// How to reach an OpenCost.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The address before `/allocation`; may hold a user and a password.
    pub url: String,
    /// For the whole answer.
    pub timeout: Duration,
}

impl Options {
    /// An OpenCost at `url`.
    pub fn new(url: String) -> Self {
        Self {
            url,
            timeout: TIMEOUT,
        }
    }

    /// The same, waited for no longer than `limit`.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self {
            timeout: self.timeout.min(limit),
            ..self
        }
    }

    /// What messages call it: its address without user and password.
    pub fn name(&self) -> String {
        client::shown(&self.url)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("url", &self.name())
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Why there are no prices. No text in it holds a credential.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{0} is no address that can be asked; give one such as http://opencost.example:9003")]
    Address(String),
    #[error("no client can be set up for {server}: {why}")]
    Setup { server: String, why: String },
    #[error("cannot reach {server}: {why}")]
    Unreachable { server: String, why: String },
    #[error("{server} gave no answer within {:.0} s", .limit.as_secs_f64())]
    Late { server: String, limit: Duration },
    #[error("{server} broke off its answer: {why}")]
    BrokenOff { server: String, why: String },
    #[error("{server} answered HTTP {status}{}", told(.said))]
    Refused {
        server: String,
        status: u16,
        /// What it says of it.
        said: Option<String>,
    },
    #[error("the answer of {server} is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge { server: String },
    #[error("{server}: {why}")]
    Unusable { server: String, why: Unusable },
}

fn told(said: &Option<String>) -> String {
    said.as_ref()
        .map_or_else(String::new, |it| format!(": {it}"))
}

/// The prices of each namespace, on the mean of the last `days`, and those of all together.
///
/// # Errors
/// Where there is no answer in time, or none that gives prices.
pub async fn prices(options: &Options, days: u32) -> Result<PriceList, Error> {
    let body = client::allocations(options, days).await?;
    allocation::prices(&body).map_err(|why| Error::Unusable {
        server: options.name(),
        why,
    })
}
