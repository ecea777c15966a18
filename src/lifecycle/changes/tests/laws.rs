//! What holds for all objects, changes and edits by others.

use super::*;

/// Objects like those of the API: few keys, so that changes meet, odd ones among them.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..3_i32).prop_map(|it| json!(it)),
        Just(json!(null)),
        Just(json!("1500m")),
        Just(json!(true)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => fields(inner.clone()),
            1 => proptest::collection::vec(inner, 0..3).prop_map(Value::Array),
        ]
    })
}

fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let key = proptest::sample::select(vec!["a", "b", "a/b", "~", ""]);
    let fields = proptest::collection::btree_map(key, value, 0..4);
    fields.prop_map(|it| it.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

/// An object with a `spec`, beside which nothing is ever changed.
fn object() -> impl Strategy<Value = Value> {
    fields(value()).prop_map(|spec| json!({"metadata": {"name": "web"}, "spec": spec}))
}

/// Edits: pick a place by its number and set, or remove, what is there or a new field in it.
type Edits = Vec<(usize, Option<Value>)>;

fn edits() -> impl Strategy<Value = Edits> {
    proptest::collection::vec((any::<usize>(), proptest::option::of(value())), 0..4)
}

/// All places below `spec`, through objects and lists.
fn places(object: &Value) -> Vec<String> {
    fn add(path: &str, value: &Value, places: &mut Vec<String>) {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(it) => it
                .iter()
                .map(|(k, v)| (pointer::child(path, k), v))
                .collect(),
            Value::Array(it) => {
                let items = it.iter().enumerate();
                items.map(|(i, v)| (format!("{path}/{i}"), v)).collect()
            }
            _ => vec![],
        };
        for (path, value) in below {
            places.push(path.clone());
            add(&path, value, places);
        }
    }
    let mut found = Vec::new();
    add("/spec", &object["spec"], &mut found);
    found
}

fn edit(object: &Value, path: &str, to: Option<&Value>) -> Value {
    let mut object = object.clone();
    let (parent, last) = path.rsplit_once('/').unwrap();
    match (object.pointer_mut(parent), to) {
        (Some(Value::Object(fields)), Some(to)) => {
            fields.insert(last.replace("~1", "/").replace("~0", "~"), to.clone());
        }
        (Some(Value::Object(fields)), None) => {
            fields.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        (Some(Value::Array(items)), to) => match (last.parse::<usize>(), to) {
            (Ok(index), Some(to)) => items[index] = to.clone(),
            (Ok(index), None) => drop(items.remove(index)),
            (Err(_), _) => {}
        },
        _ => {}
    }
    object
}

fn edited(object: &Value, edits: &Edits) -> Value {
    let mut object = object.clone();
    for (pick, to) in edits {
        let mut places = places(&object);
        places.extend(["/spec/new".to_owned(), "/spec/a/new".to_owned()]);
        let place = &places[pick % places.len()];
        object = edit(&object, place, to.as_ref());
    }
    object
}

/// What may change on its own: fields of objects, down to scalars, lists and empty objects.
fn leaves(object: &Value) -> Vec<String> {
    let is_leaf = |path: &String| match pointer::find(object, path) {
        Ok(Some(Value::Object(fields))) => fields.is_empty(),
        Ok(Some(_)) => true,
        Ok(None) | Err(_) => false,
    };
    places(object).into_iter().filter(is_leaf).collect()
}

fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    pointer::find(object, path).ok().flatten()
}

/// Whether the items of `made` are those of `theirs`, but for some that nobody touched since `ours`.
fn keeps_items(ours: Option<&Value>, theirs: &Value, made: Option<&Value>) -> bool {
    let (Some(Value::Array(ours)), Value::Array(theirs), Some(Value::Array(made))) =
        (ours, theirs, made)
    else {
        return false;
    };
    let items = ours.iter().zip(theirs).zip(made);
    ours.len() == theirs.len()
        && theirs.len() == made.len()
        && items.into_iter().all(|((o, t), m)| t == m || t == o)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn changes_make_after_of_before_and_taking_them_back_makes_before(
        before in object(), after in object(),
    ) {
        let changes = between(&before, &after, &["/spec"]);
        prop_assert_eq!(written(&before, &changes), after.clone());
        prop_assert!(are_in_force(&changes, &after));
        let back = take_back(&changes, &after);
        prop_assert_eq!(&back.lost, &vec![]);
        prop_assert_eq!(patched(&after, &back), before);
    }

    #[test]
    fn small_changes_too(before in object(), ours in edits()) {
        let after = edited(&before, &ours);
        let changes = between(&before, &after, &["/spec"]);
        prop_assert_eq!(patched(&after, &take_back(&changes, &after)), before);
    }

    #[test]
    fn edits_elsewhere_are_kept(before in object(), ours in edits(), theirs in edits()) {
        let after = edited(&before, &ours);
        let changes = between(&before, &after, &["/spec"]);
        let (mut live, mut expected) = (after, before);
        for (pick, to) in &theirs {
            let mut places = leaves(&live);
            places.push("/spec/new".to_owned());
            let place = &places[pick % places.len()];
            let meets = |it: &Change| {
                pointer::is_within(place, &it.path) || pointer::is_within(&it.path, place)
            };
            if !changes.iter().any(meets) {
                live = edit(&live, place, to.as_ref());
                expected = edit(&expected, place, to.as_ref());
            }
        }
        let back = take_back(&changes, &live);
        prop_assert!(are_in_force(&changes, &live));
        prop_assert_eq!(&back.lost, &vec![]);
        prop_assert_eq!(patched(&live, &back), expected);
    }

    #[test]
    fn edits_within_are_never_overwritten(
        before in object(), ours in edits(), theirs in edits(),
    ) {
        let after = edited(&before, &ours);
        let changes = between(&before, &after, &["/spec"]);
        let live = edited(&after, &theirs);
        let back = take_back(&changes, &live);
        let made = patched(&live, &back);
        for path in leaves(&live) {
            let (ours, now) = (at(&after, &path), at(&live, &path).unwrap());
            let stays = at(&made, &path) == Some(now) || keeps_items(ours, now, at(&made, &path));
            // No value of anybody: fields come back into it, and it goes with what we made.
            let is_empty = *now == json!({})
                && at(&made, &path).map_or(at(&before, &path).is_none(), Value::is_object);
            prop_assert!(ours == Some(now) || stays || is_empty, "{} was {}", path, now);
        }
        for path in leaves(&after) {
            if at(&live, &path).is_none() {
                prop_assert_eq!(at(&made, &path), None, "{} came back", path);
            }
        }
    }

    #[test]
    fn nothing_of_ours_stays_untold(before in object(), ours in edits(), theirs in edits()) {
        let after = edited(&before, &ours);
        let changes = between(&before, &after, &["/spec"]);
        let live = edited(&after, &theirs);
        let back = take_back(&changes, &live);
        let made = patched(&live, &back);
        for path in leaves(&after) {
            let (was, ours, is) = (at(&before, &path), at(&after, &path), at(&made, &path));
            let is_told = back.lost.iter().any(|it| {
                pointer::is_within(&it.path, &path) || pointer::is_within(&path, &it.path)
            });
            prop_assert!(was == ours || is != ours || is_told, "{} stays", path);
        }
        prop_assert_eq!(take_back(&changes, &made).operations, Vec::<Value>::new());
        if are_in_force(&changes, &live) {
            prop_assert_eq!(&back.lost, &vec![]);
        }
    }
}
