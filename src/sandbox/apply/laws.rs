//! Laws that hold for whatever is applied and written.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::tests::{by, shop};
use super::*;

/// A sound `spec`, of few fields and few values so that they meet. Lists with owners of their items
/// are not empty: of an empty one nobody is the owner.
fn spec() -> impl Strategy<Value = Value> {
    let number = (0..3).prop_map(Value::from);
    let text = || "[xy]".prop_map(Value::from);
    let struct_of = |names: &'static [&'static str]| {
        let field = (prop::sample::select(names), text());
        let fields = prop::collection::vec(field, 0..3);
        fields.prop_map(|all| {
            all.into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<Value>()
        })
    };
    let set = prop::collection::btree_set("[a-d]", 1..4);
    let port = (1..4, prop::option::of("[xy]"));
    let ports = prop::collection::vec(port, 1..3).prop_map(|all| {
        let keyed: std::collections::BTreeMap<_, _> = all.into_iter().collect();
        let port = |(port, note): (i32, Option<String>)| match note {
            Some(note) => json!({ "port": port, "note": note }),
            None => json!({ "port": port }),
        };
        keyed.into_iter().map(port).collect::<Value>()
    });
    let fields = prop_oneof![
        number.prop_map(|it| ("replicas", it)),
        text().prop_map(|it| ("name", it)),
        set.prop_map(|it| ("tags", it.into_iter().collect())),
        prop::collection::vec(text(), 0..3).prop_map(|it| ("args", Value::Array(it))),
        ports.prop_map(|it| ("ports", it)),
        struct_of(&["kind", "name"]).prop_map(|it| ("target", it)),
        struct_of(&["a", "b"]).prop_map(|it| ("part", it)),
        struct_of(&["p", "q"]).prop_map(|it| ("free", it)),
    ];
    prop::collection::vec(fields, 0..6)
        .prop_map(|all| all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

/// A `spec` that says something. One that is empty may vanish with what it held, see
/// [`an_empty_struct_may_vanish_with_its_items`].
fn filled_spec() -> impl Strategy<Value = Value> {
    spec().prop_filter("it says something", |it| *it != json!({}))
}

fn config(spec: Value) -> Value {
    shop("shops/v2", spec)
}

/// An object that several have written, and how.
fn live() -> impl Strategy<Value = Value> {
    let write = (
        prop::sample::select(&["a", "b", "c"][..]),
        spec(),
        any::<bool>(),
    );
    prop::collection::vec(write, 1..5).prop_map(|writes| {
        let mut live: Option<Value> = None;
        for (name, spec, is_apply) in writes {
            let next = match is_apply {
                true => by(name)
                    .applies(live.as_ref(), &config(spec), true)
                    .unwrap(),
                false => {
                    let mut new = live.clone().unwrap_or_else(|| config(json!({})));
                    new["spec"] = spec;
                    by(name).writes(live.as_ref(), &new)
                }
            };
            live = Some(next);
        }
        live.unwrap()
    })
}

/// Fields of others than `name`.
fn of_others(object: &Value, name: &str) -> fields::FieldSet {
    let all = managers::decode(managers::of(object)).unwrap();
    let mut set = fields::FieldSet::default();
    for (manager, entry) in all {
        if manager.name != name || manager.operation != managers::Operation::Apply {
            set.extend(entry.fields);
        }
    }
    set
}

/// What others than `name` owned in `before` and, although it is still there, not in `after`.
fn lost_by_others(before: &Value, after: &Value, name: &str) -> fields::FieldSet {
    let place = |typed: Typed<'_>, author: Author<'_>| {
        let place = Write::new(typed, author).place();
        compare::compare(&json!({}), &managers::without(after), place).touched()
    };
    let there = by("any").with(place);
    let lost = of_others(before, name).difference(&of_others(after, name));
    lost.intersection(&there)
}

fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 22] = [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        "status",
        "managedFields",
        "manager",
        "operation",
        "fieldsType",
        "fieldsV1",
        "f:spec",
        "f:replicas",
        "k:{\"port\":1}",
        "v:1",
        ".",
        "i:0",
        "ports",
        "port",
        "tags",
        "part",
        "target",
        "free",
    ];
    const TEXTS: [&str; 8] = [
        "", "shops/v1", "shops/v2", "gone/v1", "Shop", "Apply", "Update", "FieldsV1",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        ".{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        let key = prop_oneof![
            4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
            1 => ".{0,3}"
        ];
        let entries = prop::collection::vec((key, inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            entries.prop_map(|it| Value::Object(it.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// An object that looks like one, with anything in it.
fn any_object() -> impl Strategy<Value = Value> {
    let entry = (any_json(), prop::sample::select(&["Apply", "Update"][..])).prop_map(
        |(fields, operation)| {
            json!({ "manager": "m", "operation": operation, "apiVersion": "shops/v2",
                "fieldsType": "FieldsV1", "fieldsV1": fields })
        },
    );
    let entries = prop_oneof![
        any_json(),
        prop::collection::vec(entry, 0..3).prop_map(Value::Array)
    ];
    (any_json(), any_json(), entries, any_json()).prop_map(|(spec, metadata, entries, whole)| {
        let mut object = config(spec);
        match (whole, metadata) {
            (Value::Bool(true), metadata) => object["metadata"] = metadata,
            (whole @ Value::Array(_), _) => return whole,
            _ => object["metadata"]["managedFields"] = entries,
        }
        object
    })
}

/// As on a real server, whose removal leaves an item without its key, and then does not know it.
#[test]
fn an_empty_struct_may_vanish_with_its_items() {
    let made = by("a").applies(None, &config(json!({ "ports": [{ "port": 2 }] })), false);
    let made = made.unwrap();
    let mut noted = made.clone();
    noted["spec"]["ports"][0]["note"] = json!("x");
    let live = by("b").writes(Some(&made), &noted);

    let once = by("a")
        .applies(Some(&live), &config(json!({})), false)
        .unwrap();
    assert_eq!(once.get("spec"), None);
    assert_eq!(managers::of(&once)[0]["fieldsV1"], json!({ "f:spec": {} }));
    let twice = by("a")
        .applies(Some(&once), &config(json!({})), false)
        .unwrap();
    assert_eq!(twice["spec"], json!({}));
}

proptest! {
    #[test]
    fn applying_twice_is_applying_once(live in live(), spec in filled_spec()) {
        let config = config(spec);
        let once = by("a").applies(Some(&live), &config, true).unwrap();
        let later = super::tests::Writer { second: 9, ..by("a") };
        prop_assert_eq!(later.applies(Some(&once), &config, false).unwrap(), once);
    }

    #[test]
    fn what_is_applied_is_there_afterwards(
        live in live(), spec in filled_spec(), force in any::<bool>(),
    ) {
        let config = config(spec);
        let Ok(made) = by("a").applies(Some(&live), &config, force) else { return Ok(()) };
        // Laid over the result once more it changes nothing.
        let mut again = made.clone();
        managers::clear(&mut again);
        let anew = by("z").applies(Some(&again), &config, true).unwrap();
        prop_assert_eq!(&anew["spec"], &made["spec"]);
    }

    #[test]
    fn without_force_nothing_that_others_own_changes(live in live(), spec in spec()) {
        let Ok(made) = by("a").applies(Some(&live), &config(spec), false) else { return Ok(()) };
        if managers::of(&live).is_null() {
            return Ok(());
        }
prop_assert_eq!(lost_by_others(&live, &made, "a"), fields::FieldSet::default());
    }

    #[test]
    fn force_takes_whatever_it_changes(live in live(), spec in spec()) {
        let config = config(spec);
        let made = by("a").applies(Some(&live), &config, true).unwrap();
        if managers::of(&live).is_null() {
            return Ok(());
        }
        let conflicts = by("a").applies(Some(&live), &config, false).is_err();
        let lost = lost_by_others(&live, &made, "a");
        prop_assert_eq!(conflicts, !lost.is_empty());
    }

    #[test]
    fn applying_nothing_after_owning_alone_removes_it(spec in spec()) {
        let made = by("a").applies(None, &config(spec), false).unwrap();
        let mut nothing = config(json!({}));
        nothing.as_object_mut().unwrap().remove("spec");
        let left = by("a").applies(Some(&made), &nothing, false).unwrap();
        prop_assert_eq!(left.get("spec").filter(|it| **it != json!({})), None);
        prop_assert_eq!(managers::of(&left), &Value::Null);
    }

    #[test]
    fn appliers_of_different_fields_commute(spec in spec()) {
        let fields = spec.as_object().unwrap().clone();
        let (ours, theirs): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(name, _)| name.as_str() < "part");
        let (ours, theirs) = (config(Value::Object(ours)), config(Value::Object(theirs)));
        let base = by("base").writes(None, &config(json!({ "free": {} })));
        let both = |first: (&'static str, &Value), second: (&'static str, &Value)| {
            let one = by(first.0).applies(Some(&base), first.1, true).unwrap();
            by(second.0).applies(Some(&one), second.1, true).unwrap()
        };
        let (a, b) = (("a", &ours), ("b", &theirs));
        let timeless = |mut it: Value| {
            for entry in it["metadata"]["managedFields"].as_array_mut().unwrap() {
                entry.as_object_mut().unwrap().remove("time");
            }
            it
        };
        let (there, back) = (timeless(both(a, b)), timeless(both(b, a)));
        prop_assert_eq!(&there["spec"], &back["spec"]);
        let sorted = |it: &Value| managers::decode(managers::of(it)).unwrap();
        prop_assert_eq!(sorted(&there), sorted(&back));
    }

    #[test]
    fn an_update_gives_the_writer_what_changed_and_takes_it_from_all_others(
        live in live(), spec in spec(),
    ) {
        let mut new = live.clone();
        new["spec"] = spec;
        let made = by("w").writes(Some(&live), &new);
        prop_assert_eq!(&made["spec"], &new["spec"]);
        if managers::of(&live).is_null() {
            return Ok(());
        }
        let back = by("a").applies(Some(&made), &config(new["spec"].clone()), false);
        prop_assert!(back.is_ok());
        prop_assert_eq!(by("w").writes(Some(&made), &made), made);
    }

    #[test]
    fn nothing_makes_it_panic(
        live in any_object(), config in any_object(), force in any::<bool>(),
    ) {
        let _ = by("m").applies(Some(&live), &config, force);
        let _ = by("m").applies(None, &config, force);
        let made = by("m").writes(Some(&live), &config);
        let _ = by("m").writes(None, &made);
    }
}
