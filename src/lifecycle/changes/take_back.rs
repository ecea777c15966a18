//! The merge of three that takes changes back.
//!
//! `from` is what was there before, `to` what we wrote, `now` what is there. A place that has what
//! we wrote gets `from` back, within objects field by field. An item of a list is one thing: it gets
//! `from` back where the whole item is as we wrote it and at its index in a list of the same length.
//! Everything else that is not as before was made so by others, and stays.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Change, Lost, MOST_LEVELS, TakenBack, differ, keys, pointer};

/// How to take `changes` back in `live`: places that still have what we wrote get what was there
/// before; what others changed within them stays, and is told.
///
/// The operations name places of `live`, do not depend on each other, and leave no object empty that
/// was not there before. They never touch what has another value than the one that we wrote. Taken
/// back twice is the same as once. A change below another one is part of it.
pub fn take_back(changes: &[Change], live: &Value) -> TakenBack {
    let mut back = TakenBack::default();
    for change in outermost(changes) {
        let (from, to) = (change.from.as_ref(), change.to.as_ref());
        match pointer::find(live, &change.path) {
            Ok(now) => back.merge(&change.path, from, to, now, 0),
            // What we made is gone with what held it, and nothing was there before.
            Err(pointer::NoPlace) if from.is_none() || from == to => {}
            Err(pointer::NoPlace) => back.lose(&change.path, to, None),
        }
    }
    back
}

/// Without those at or below the place of another one, in the order of their paths.
fn outermost(changes: &[Change]) -> Vec<&Change> {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by(|a, b| pointer::compare(&a.path, &b.path));
    sorted.dedup_by(|inner, outer| pointer::is_within(&inner.path, &outer.path));
    sorted
}

impl TakenBack {
    fn merge(
        &mut self,
        path: &str,
        from: Option<&Value>,
        to: Option<&Value>,
        now: Option<&Value>,
        level: usize,
    ) {
        if from == to || now == from {
            return;
        }
        if now == to {
            return self.give_back(path, from, now);
        }
        match (from, to, now) {
            (None, Some(Value::Object(to)), Some(Value::Object(now))) if level < MOST_LEVELS => {
                self.unmake(path, to, now, level + 1);
            }
            (Some(Value::Object(from)), Some(Value::Object(to)), Some(Value::Object(now)))
                if level < MOST_LEVELS =>
            {
                self.fields(path, Some(from), to, now, level + 1);
            }
            (Some(Value::Array(from)), Some(Value::Array(to)), Some(Value::Array(now)))
                if from.len() == to.len() && to.len() == now.len() =>
            {
                self.items(path, from, to, now);
            }
            _ => self.lose(path, to, now),
        }
    }

    fn give_back(&mut self, path: &str, from: Option<&Value>, now: Option<&Value>) {
        self.operations.push(match (from, now) {
            (None, _) => json!({"op": "remove", "path": path}),
            (Some(from), Some(_)) => json!({"op": "replace", "path": path, "value": from}),
            (Some(from), None) => json!({"op": "add", "path": path, "value": from}),
        });
    }

    /// Takes back an object that we made; whole, where nothing of it would be left.
    fn unmake(
        &mut self,
        path: &str,
        to: &Map<String, Value>,
        now: &Map<String, Value>,
        level: usize,
    ) {
        let mut inside = Self::default();
        inside.fields(path, None, to, now, level);
        let removed: BTreeSet<&str> = inside.operations.iter().filter_map(removed).collect();
        if now
            .keys()
            .all(|key| removed.contains(pointer::child(path, key).as_str()))
        {
            return self.give_back(path, None, None);
        }
        self.operations.append(&mut inside.operations);
        self.lost.append(&mut inside.lost);
    }

    fn fields(
        &mut self,
        path: &str,
        from: Option<&Map<String, Value>>,
        to: &Map<String, Value>,
        now: &Map<String, Value>,
        level: usize,
    ) {
        for key in keys(from, to) {
            let path = pointer::child(path, key);
            let before = from.and_then(|it| it.get(key));
            self.merge(&path, before, to.get(key), now.get(key), level);
        }
    }

    fn items(&mut self, path: &str, from: &[Value], to: &[Value], now: &[Value]) {
        for (index, ((from, to), now)) in from.iter().zip(to).zip(now).enumerate() {
            let path = format!("{path}/{index}");
            if from == to || now == from {
                continue;
            }
            if now == to {
                self.give_back(&path, Some(from), Some(now));
            } else {
                self.lose_item(&path, from, to, now);
            }
        }
    }

    /// Tells which of our values in an item are others now, or the item where ours are still there
    /// in what has become another thing.
    fn lose_item(&mut self, path: &str, from: &Value, to: &Value, now: &Value) {
        let mut ours = Vec::new();
        differ("", Some(from), Some(to), 0, &mut ours);
        let is_lost = |it: &&Change| now.pointer(&it.path) != it.to.as_ref();
        let before = self.lost.len();
        for change in ours.iter().filter(is_lost) {
            let place = format!("{path}{}", change.path);
            self.lose(&place, change.to.as_ref(), now.pointer(&change.path));
        }
        if self.lost.len() == before {
            self.lose(path, Some(to), Some(now));
        }
    }

    fn lose(&mut self, path: &str, ours: Option<&Value>, now: Option<&Value>) {
        self.lost.push(Lost {
            path: path.to_owned(),
            ours: ours.cloned(),
            now: now.cloned(),
        });
    }
}

/// The place that an operation removes.
fn removed(operation: &Value) -> Option<&str> {
    let is_removal = operation["op"] == "remove";
    operation["path"].as_str().filter(|_| is_removal)
}
