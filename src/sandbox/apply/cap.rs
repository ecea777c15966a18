//! A bound on how many of those who update are told apart.

use std::collections::BTreeMap;

use super::managers::{self, Manager, Managers, Operation};

/// How many of those who update are told apart.
const MOST_UPDATERS: usize = 10;

/// Merges the oldest updaters of each version into one, until there are no more than ten.
pub(super) fn cap(all: &mut Managers) {
    let is_updater = |it: &&Manager| it.operation == Operation::Update;
    let mut updaters: Vec<Manager> = all.keys().filter(is_updater).cloned().collect();
    updaters.sort_by_key(|it| all.get(it).map(managers::seconds));
    let mut excess = updaters.len().saturating_sub(MOST_UPDATERS);
    // The first of each version waits for a second one to be merged with; it is left alone if
    // there already is what others were merged into.
    let mut waiting: BTreeMap<String, Manager> = BTreeMap::new();
    for manager in updaters {
        if excess == 0 {
            return;
        }
        let version = manager.api_version.clone();
        let ancient = Manager::updater(Manager::ANCIENT, &version, "");
        match waiting.get(&version) {
            None => drop(waiting.insert(version, manager)),
            Some(_) if manager == ancient => {}
            Some(first) => {
                if !all.contains_key(&ancient) {
                    pour(first, &ancient, all);
                }
                pour(&manager, &ancient, all);
                excess -= 1;
            }
        }
    }
}

/// Gives what `from` owns to `to`, whose time is then that of `from`.
fn pour(from: &Manager, to: &Manager, managers: &mut Managers) {
    let Some(entry) = managers.remove(from) else {
        return;
    };
    match managers.get_mut(to) {
        Some(already) => {
            already.fields.extend(entry.fields);
            already.time = entry.time;
        }
        None => drop(managers.insert(to.clone(), entry)),
    }
}
