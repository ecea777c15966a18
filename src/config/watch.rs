//! What `watch` is to do.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::act::{Probation, Records};
use super::license::License;
use super::values::{self, Words};
use super::webhook::Webhook;
use super::{Config, Metrics};
use crate::autoscaler::AutoscalerId;
use crate::cluster::Namespaces;
use crate::install::Mode;
use crate::lifecycle::guard::Limits;

/// What `watch` is to do.
#[derive(Clone, Debug)]
pub struct WatchConfig {
    /// Its input is a cluster.
    pub analysis: Config,
    pub metrics: Metrics,
    /// Whose names are those of the goal.
    pub records: Records,
    pub probation: Probation,
    pub limits: Limits,
    pub license: License,
    pub mode: Mode,
    pub interval: Duration,
    /// What an analysis may take.
    pub analysis_budget: Duration,
    pub end: End,
    /// `None` where this process is alone.
    pub lease: Option<Lease>,
    /// Where metrics and probes are served; `None` for nowhere.
    pub listen: Option<SocketAddr>,
    pub form: Form,
    /// Whom changes of state are told besides; `None` for nobody.
    pub webhook: Option<Webhook>,
}

/// When it ends by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// After so many ticks.
    pub ticks: Option<u64>,
    pub goal: Option<Goal>,
    pub timeout: Option<Duration>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The changes that are named have proved themselves.
    Verified,
    /// Nothing waits for a yes, or to be applied.
    NonePending,
    /// The analysis finds nothing of the severity of a warning or above.
    NoFindings,
}

/// The Lease that the instances share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// `None` for that of the context, which in a pod is its own.
    pub namespace: Option<String>,
    pub name: String,
}

/// How changes of state are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Text,
    /// One JSON object each.
    Jsonl,
    /// Annotations of a workflow, and its summary.
    Github,
}

/// A part of a fleet that is divided among several processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: u32,
    pub count: u32,
}

impl Shard {
    /// Whether an autoscaler belongs to it: by a hash of its name that is the same everywhere.
    pub fn has(&self, id: &AutoscalerId) -> bool {
        let bytes = id.namespace.bytes().chain([b'/']).chain(id.name.bytes());
        // FNV-1a, <http://www.isthe.com/chongo/tech/comp/fnv/>.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        hash % u64::from(self.count.max(1)) == u64::from(self.index)
    }
}

pub(crate) const GOALS: Words<Goal> = Words(&[
    ("verified", Goal::Verified),
    ("pending=0", Goal::NonePending),
    ("no-findings", Goal::NoFindings),
]);

pub(crate) const TOLD_AS: Words<Form> = Words(&[
    ("text", Form::Text),
    ("jsonl", Form::Jsonl),
    ("github", Form::Github),
]);

/// Which part of how many: `0/4`.
pub(crate) fn shard(text: &str) -> Result<Shard, String> {
    let wanted = || "expected a part and how many there are, from 0/1 to 255/256".to_owned();
    let (index, count) = text.split_once('/').ok_or_else(wanted)?;
    let number = |it: &str| it.parse::<u32>().map_err(|_| wanted());
    let shard = Shard {
        index: number(index)?,
        count: number(count)?,
    };
    match (1..=256).contains(&shard.count) && shard.index < shard.count {
        true => Ok(shard),
        false => Err(wanted()),
    }
}

/// Namespaces with commas between them; none for all.
pub(crate) fn namespaces(text: &str) -> Result<Namespaces, String> {
    let names = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let names: Result<BTreeSet<String>, String> = names.map(values::namespace).collect();
    let mut names = names?;
    Ok(match (names.len(), names.pop_first()) {
        (1, Some(one)) => Namespaces::One(one),
        (_, None) => Namespaces::All,
        (_, Some(first)) => {
            names.insert(first);
            Namespaces::Several(names)
        }
    })
}

/// What an analysis may take, in seconds.
pub(crate) fn analysis_budget(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(seconds) if (1..=86_400).contains(&seconds) => Ok(Duration::from_secs(seconds.into())),
        Ok(_) | Err(_) => Err("expected a whole number of seconds from 1 to 86400".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::AutoscalerKind;

    #[test]
    fn every_autoscaler_is_of_one_shard() {
        let mut sizes = [0_u32; 4];
        for number in 0..1000 {
            let id = AutoscalerId {
                namespace: format!("team-{}", number % 7),
                name: format!("web-{number}"),
                kind: AutoscalerKind::HorizontalPodAutoscaler,
            };
            let of: Vec<u32> = (0..4)
                .filter(|index| {
                    Shard {
                        index: *index,
                        count: 4,
                    }
                    .has(&id)
                })
                .collect();
            assert_eq!(of.len(), 1, "{id}");
            sizes[of[0] as usize] += 1;
        }
        assert!(sizes.iter().all(|it| (150..350).contains(it)), "{sizes:?}");
    }

    #[test]
    fn namespaces_are_all_one_or_several() {
        let several =
            |names: &[&str]| Namespaces::Several(names.iter().map(|it| (*it).to_owned()).collect());
        let cases = [
            ("", Ok(Namespaces::All)),
            (" , ", Ok(Namespaces::All)),
            ("shop", Ok(Namespaces::One("shop".to_owned()))),
            ("shop,shop", Ok(Namespaces::One("shop".to_owned()))),
            ("shop, bank,", Ok(several(&["bank", "shop"]))),
        ];
        for (text, expected) in cases {
            assert_eq!(namespaces(text), expected, "{text}");
        }
        assert!(namespaces("shop,Bank").is_err());
    }

    #[test]
    fn a_budget_is_a_time_of_at_most_a_day() {
        assert_eq!(analysis_budget("90"), Ok(Duration::from_secs(90)));
        for text in ["0", "-1", "86401", "5m", ""] {
            assert!(analysis_budget(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_shard_is_a_part_of_a_whole() {
        assert_eq!(shard("0/4"), Ok(Shard { index: 0, count: 4 }));
        for text in ["4/4", "-1/4", "1", "a/b", "0/0", "0/257"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }
}
