//! Tells how checks and reverts end that follow from them, for whoever counts them.

use std::fmt;

use super::{Error, Reverted};
use crate::lifecycle::step::Verdict;

/// Is told of what is done. Nobody, unless somebody asks for it.
#[derive(Clone, Copy, Default)]
pub struct Witness<'a>(Option<&'a (dyn Fn(Deed<'_>) + Sync)>);

/// What was done.
#[derive(Clone, Copy, Debug)]
pub enum Deed<'a> {
    /// A change on probation was checked.
    Checked(&'a Verdict),
    /// It was to be taken back after a check.
    Reverted(&'a Result<Reverted, Error>),
    /// The same, and whoever did it gave up before it was known how it ended.
    RevertGivenUp,
}

impl<'a> Witness<'a> {
    pub fn new(witness: &'a (dyn Fn(Deed<'_>) + Sync)) -> Self {
        Self(Some(witness))
    }

    pub(super) fn tell(self, deed: Deed<'_>) {
        if let Some(witness) = self.0 {
            witness(deed);
        }
    }

    /// The outcome of a revert, which is told of however it ends.
    pub(super) async fn of_revert(
        self,
        revert: impl Future<Output = Result<Reverted, Error>>,
    ) -> Result<Reverted, Error> {
        let mut underway = Underway {
            witness: self,
            is_over: false,
        };
        let outcome = revert.await;
        underway.is_over = true;
        self.tell(Deed::Reverted(&outcome));
        outcome
    }
}

impl fmt::Debug for Witness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// A revert that is under way, and given up where this is dropped.
struct Underway<'a> {
    witness: Witness<'a>,
    is_over: bool,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.witness.tell(Deed::RevertGivenUp);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn a_revert_is_told_of_once_however_it_ends() {
        let told = Mutex::new(vec![]);
        let log = |deed: Deed<'_>| {
            told.lock().unwrap().push(match deed {
                Deed::Checked(_) => "checked",
                Deed::Reverted(Ok(_)) => "done",
                Deed::Reverted(Err(_)) => "failed",
                Deed::RevertGivenUp => "given up",
            });
        };
        let witness = Witness::new(&log);
        let _ = witness.of_revert(async { Err(Error::NoTime) }).await;
        let waits = witness.of_revert(std::future::pending());
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, waits).await;
        assert!(given_up.is_err());
        let _ = Witness::default()
            .of_revert(async { Err(Error::NoTime) })
            .await;
        assert_eq!(*told.lock().unwrap(), ["failed", "given up"]);
    }
}
