//! What the objects of an HPA's windows are called.

use std::fmt::Write as _;

/// The label by which the objects of one HPA are found, with [`Names::all`] as its value.
pub(super) const LABEL: &str = "stepscale.io/cron-floor";

/// Of a CronJob's name, which has at most 52 letters, what `-floor` and `-12-restore` leave.
const LONGEST: usize = 34;
/// Of a name that is cut off, so that it differs from others that begin alike.
const HASH: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Of everything that is there once.
    pub(super) all: String,
}

impl Names {
    pub(super) fn of(hpa: &str) -> Self {
        Self {
            all: format!("{}-floor", short(hpa)),
        }
    }

    /// Of the job of a window that does this.
    pub(super) fn job(&self, window: usize, deed: &str) -> String {
        format!("{}-{window}-{deed}", self.all)
    }
}

/// A name that may be a part of a label: itself, or where it is too long or has dots the beginning of
/// it with a hash.
fn short(name: &str) -> String {
    if name.len() <= LONGEST && !name.contains('.') {
        return name.to_owned();
    }
    let plain = name.replace('.', "-");
    let mut short: String = plain.chars().take(LONGEST - HASH - 1).collect();
    write!(short, "-{:08x}", hash(name)).expect("a text takes more");
    short
}

/// FNV-1a of 32 bits: the same on every machine and in every release.
fn hash(text: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_differ() {
        assert_eq!(Names::of("web").job(1, "raise"), "web-floor-1-raise");
        assert_eq!(Names::of("web.v2").all, "web-v2-bfd02689-floor");
        let long = "a".repeat(60);
        let other = format!("{long}b");
        assert_ne!(Names::of(&long), Names::of(&other));
        for name in [&long, &other, &"a".repeat(LONGEST)] {
            let job = Names::of(name).job(12, "restore");
            assert!(job.len() <= 52, "{job}");
        }
    }
}
