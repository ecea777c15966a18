use proptest::prelude::*;
use serde_json::json;

use super::*;

fn pod(namespace: &str, name: &str) -> Value {
    json!({ "metadata": { "namespace": namespace, "name": name } })
}

fn names(objects: &[Arc<Value>]) -> Vec<String> {
    let name = |it: &Arc<Value>| table::key_of(it);
    objects.iter().map(name).collect()
}

#[test]
fn each_write_gets_the_next_version_of_one_counter() {
    let store = Store::remembering(100);
    let first = store.put("pods", pod("a", "x"), Expected::Absent).unwrap();
    let second = store.put("nodes", pod("", "n"), Expected::Absent).unwrap();
    assert_eq!((version_of(&first), version_of(&second)), (2, 3));
    store.remove("pods", "a", "x", Expected::Any).unwrap();
    assert_eq!(store.version(), 4);
    assert_eq!(
        (store.version_of("pods"), store.version_of("nodes")),
        (4, 3)
    );
    assert_eq!(store.version_of("leases"), 0);
}

#[test]
fn a_write_of_another_version_is_refused() {
    let store = Store::remembering(100);
    let put = |expected| store.put("pods", pod("a", "x"), expected);
    assert!(put(Expected::Version(1)).is_err());
    let version = version_of(&put(Expected::Absent).unwrap());
    assert!(put(Expected::Absent).is_err());
    assert!(put(Expected::Version(version + 1)).is_err());
    assert!(put(Expected::Version(version)).is_ok());
    let remove = |expected| store.remove("pods", "a", "x", expected);
    assert!(remove(Expected::Version(version)).is_err());
    assert!(remove(Expected::Any).is_ok());
    assert!(remove(Expected::Any).is_err());
}

#[test]
fn a_namespace_is_not_the_beginning_of_another() {
    let store = Store::remembering(100);
    for (namespace, name) in [("a", "x"), ("a-b", "x"), ("ab", "x"), ("a", "b")] {
        let written = store.put("pods", pod(namespace, name), Expected::Absent);
        written.unwrap();
    }
    assert_eq!(names(&store.list("pods", "a").objects), ["a/b", "a/x"]);
    let all = names(&store.list("pods", "").objects);
    assert_eq!(all, ["a-b/x", "a/b", "a/x", "ab/x"]);
}

#[test]
fn what_begins_anew_has_no_past() {
    let store = Store::remembering(100);
    store.put("ships", pod("a", "x"), Expected::Absent).unwrap();
    store.remove("ships", "a", "x", Expected::Any).unwrap();
    store.begin("ships");
    let oldest = store.version();
    assert_eq!(store.since("ships", 1), Err(TooOld { oldest }));
    assert_eq!(store.since("ships", oldest), Ok((vec![], oldest)));
    store.put("ships", pod("a", "y"), Expected::Absent).unwrap();
    assert_eq!(store.since("ships", oldest).unwrap().0.len(), 1);
    assert!(store.has_any("ships") && !store.has_any("boats"));
}

#[test]
fn the_past_is_there_until_it_is_forgotten() {
    let store = Store::remembering(2);
    for name in ["x", "y", "z"] {
        let written = store.put("pods", pod("a", name), Expected::Absent);
        written.unwrap();
    }
    let at = |version| store.list_at("pods", "a", version);
    assert_eq!(names(&at(4).unwrap().objects), ["a/x", "a/y", "a/z"]);
    assert_eq!(names(&at(3).unwrap().objects), ["a/x", "a/y"]);
    assert_eq!(names(&at(2).unwrap().objects), ["a/x"]);
    assert_eq!(at(1), Err(TooOld { oldest: 2 }));
    assert_eq!(store.since("pods", 1), Err(TooOld { oldest: 2 }));
    assert_eq!(store.since("pods", 2).unwrap().0.len(), 2);
    assert_eq!(store.since("pods", 9).unwrap(), (vec![], 4));
}

#[test]
fn dependents_are_found_by_the_uid_of_their_owner() {
    let store = Store::remembering(100);
    let mut owned = pod("a", "x");
    owned["metadata"]["ownerReferences"] = json!([{ "uid": "u" }]);
    store.put("pods", owned, Expected::Absent).unwrap();
    let places = store.owned_by("u");
    assert_eq!(places, [(Arc::from("pods"), "a/x".to_owned())]);
    assert!(store.at(&places[0]).is_some());
    store.put("pods", pod("a", "x"), Expected::Any).unwrap();
    assert!(store.owned_by("u").is_empty());
}

/// A write: which object, and whether it is removed.
fn writes() -> impl Strategy<Value = Vec<(u8, bool)>> {
    prop::collection::vec((0_u8..6, any::<bool>()), 0..60)
}

fn perform(store: &Store, (which, is_removed): (u8, bool)) {
    let namespace = if which % 2 == 0 { "a" } else { "b" };
    let name = format!("n{which}");
    if is_removed {
        let _ = store.remove("pods", namespace, &name, Expected::Any);
    } else {
        let written = store.put("pods", pod(namespace, &name), Expected::Any);
        written.unwrap();
    }
}

/// What a watcher that knew `objects` knows after `events`.
fn replay(objects: &[Arc<Value>], events: &[Event]) -> Vec<Arc<Value>> {
    let known = objects.iter().map(|it| (table::key_of(it), Arc::clone(it)));
    let mut known: BTreeMap<String, Arc<Value>> = known.collect();
    for event in events {
        match (&event.before, &event.after) {
            (_, Some(after)) => known.insert(table::key_of(after), Arc::clone(after)),
            (Some(before), None) => known.remove(&table::key_of(before)),
            (None, None) => None,
        };
    }
    known.into_values().collect()
}

proptest! {
    #[test]
    fn a_watch_from_any_version_ends_where_the_list_is(writes in writes(), kept in 1_usize..40) {
        let store = Store::remembering(kept);
        let mut past = vec![store.list("pods", "")];
        for write in writes {
            perform(&store, write);
            let now = store.list("pods", "");
            prop_assert!(past.last().is_none_or(|it| it.version <= now.version));
            past.push(now);
        }
        let now = store.list("pods", "");
        for then in past {
            let Ok((events, _)) = store.since("pods", then.version) else {
                prop_assert!(store.list_at("pods", "", then.version).is_err());
                continue;
            };
            let versions: Vec<u64> = events.iter().map(|it| it.version).collect();
            prop_assert!(versions.is_sorted_by(|one, other| one < other));
            prop_assert_eq!(&replay(&then.objects, &events), &now.objects);
            prop_assert_eq!(store.list_at("pods", "", then.version).unwrap(), then);
        }
    }
}
