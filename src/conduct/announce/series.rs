//! Which Events were made already, so that one that repeats is counted and not made again.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// How many are remembered. Of more, those that were told longest ago are made anew.
const MOST: usize = 1024;

/// What makes an Event the same as another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) namespace: String,
    /// What it is about: its kind, name and uid.
    pub(super) about: [String; 3],
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) is_warning: bool,
}

/// An Event that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) name: String,
    /// How often it was told.
    pub(super) count: u32,
    pub(super) last: Timestamp,
}

/// Those that a process has made.
#[derive(Clone, Debug, Default)]
pub(super) struct Series(BTreeMap<Key, Made>);

impl Series {
    /// The Event that says the same, if one was made.
    pub(super) fn same(&self, key: &Key) -> Option<Made> {
        self.0.get(key).cloned()
    }

    pub(super) fn told(&mut self, key: Key, made: Made) {
        self.0.insert(key, made);
        if self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, made)| made.last);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(message: impl ToString) -> Key {
        Key {
            namespace: "shop".to_owned(),
            about: ["HorizontalPodAutoscaler", "web", "uid"].map(str::to_owned),
            reason: "Failed".to_owned(),
            message: message.to_string(),
            is_warning: true,
        }
    }

    fn made(second: i64) -> Made {
        Made {
            name: format!("web.{second}"),
            count: 1,
            last: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn what_differs_in_anything_is_another_event() {
        let mut series = Series::default();
        series.told(key("a"), made(1));
        assert_eq!(series.same(&key("a")), Some(made(1)));
        let others = [
            key("b"),
            Key {
                is_warning: false,
                ..key("a")
            },
            Key {
                about: ["HorizontalPodAutoscaler", "web", "another uid"].map(str::to_owned),
                ..key("a")
            },
        ];
        assert!(others.iter().all(|it| series.same(it).is_none()));
        let again = Made {
            count: 2,
            ..made(2)
        };
        series.told(key("a"), again.clone());
        assert_eq!(series.same(&key("a")), Some(again));
    }

    #[test]
    fn of_too_many_the_oldest_are_forgotten() {
        let mut series = Series::default();
        for it in 0..2000 {
            series.told(key(it), made(it));
        }
        assert_eq!(series.0.len(), MOST);
        assert!(series.same(&key(2000 - MOST as i64)).is_some());
        assert!(series.same(&key(2000 - MOST as i64 - 1)).is_none());
    }
}
