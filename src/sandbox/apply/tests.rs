use std::sync::OnceLock;

use serde_json::json;

use super::*;
use crate::sandbox::schema::Definitions;

/// A shop in two versions, `v1` and `v2`, of which the first says `size` for `replicas`. The other
/// kind is one whose structs within structs are always there.
fn definitions() -> &'static Definitions {
    static ALL: OnceLock<Definitions> = OnceLock::new();
    ALL.get_or_init(make_definitions)
}

fn make_definitions() -> Definitions {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "object", "additionalProperties": text });
    let port = json!({ "type": "object", "properties": {
        "port": { "type": "integer" },
        "protocol": { "type": "string", "default": "TCP" },
        "note": text,
    } });
    let shop = |replicas: &str| {
        json!({ "type": "object", "properties": {
            "apiVersion": text, "kind": text,
            "metadata": { "type": "object", "properties": {
                "name": text, "namespace": text, "uid": text, "resourceVersion": text,
                "labels": texts, "annotations": texts,
                "managedFields": { "type": "array", "items": { "type": "object" } },
            } },
            "spec": { "type": "object", "properties": {
                replicas: { "type": "integer" },
                "name": text,
                "tags": { "type": "array", "items": text, "x-kubernetes-list-type": "set" },
                "args": { "type": "array", "items": text },
                "ports": { "type": "array", "items": port, "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["port", "protocol"] },
                "target": { "type": "object", "x-kubernetes-map-type": "atomic",
                    "properties": { "kind": text, "name": text } },
                "part": { "type": "object", "properties": { "a": text, "b": text } },
                "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            } },
            "status": { "type": "object", "properties": { "seen": { "type": "integer" } } },
        } })
    };
    let built_in = json!({ "type": "object", "properties": {
        "apiVersion": text, "kind": text,
        "metadata": { "type": "object", "default": {},
            "properties": { "name": text, "labels": texts } },
        "spec": { "type": "object", "default": {}, "required": ["items"], "properties": {
            "strategy": { "type": "object", "default": {}, "properties": { "type": text } },
            "window": { "type": "object", "properties": { "size": { "type": "integer" } } },
            "items": { "type": "array", "items": port, "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port"] },
        } },
    } });
    let all = json!({ "v1": shop("size"), "v2": shop("replicas"), "built-in": built_in });
    all.as_object().unwrap().clone()
}

/// The object in another version: its fields are the same but for the name of one.
fn converted(object: &Value, version: &str) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = json!(version);
    let (from, to) = match version {
        "shops/v1" => ("replicas", "size"),
        _ => ("size", "replicas"),
    };
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
        && let Some(value) = spec.remove(from)
    {
        spec.insert(to.to_owned(), value);
    }
    object
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000_000 + second).unwrap()
}

const LATER: &str = "2001-09-09T01:46:41Z";

/// Somebody who writes.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) subresource: &'static str,
    pub(super) second: i64,
}

pub(super) fn by(name: &'static str) -> Writer {
    Writer {
        name,
        version: "shops/v2",
        subresource: "",
        second: 0,
    }
}

impl Writer {
    fn at(self, second: i64) -> Self {
        Self { second, ..self }
    }

    fn using(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    fn of(self, subresource: &'static str) -> Self {
        Self {
            subresource,
            ..self
        }
    }

    pub(super) fn with<T>(self, act: impl FnOnce(Typed<'_>, Author<'_>) -> T) -> T {
        let definitions = definitions();
        let schema = |version: &str| match version {
            "shops/v1" => Schema::named("v1", definitions),
            "shops/v2" => Schema::named("v2", definitions),
            "shops/built-in" => Schema::named("built-in", definitions),
            _ => None,
        };
        let convert = |it: &Value, to: &str| Some((converted(it, to), schema(to)?));
        let reset: &[&[&str]] = match self.subresource {
            "status" => &[&["spec"], &["metadata"]],
            _ => &[&["status"]],
        };
        let typed = Typed {
            schema: schema(self.version).unwrap(),
            reset,
            convert: &convert,
        };
        let author = Author {
            manager: self.name,
            api_version: self.version,
            subresource: self.subresource,
            now: at(self.second),
        };
        act(typed, author)
    }

    /// Applies a whole object.
    pub(super) fn applies(
        self,
        live: Option<&Value>,
        config: &Value,
        force: bool,
    ) -> Result<Value, NotApplied> {
        self.with(|typed, author| apply(live, config, typed, author, force))
    }

    /// Applies a `spec`.
    fn spec(self, live: Option<&Value>, spec: Value) -> Result<Value, NotApplied> {
        self.applies(live, &shop(self.version, spec), false)
    }

    fn forces(self, live: &Value, spec: Value) -> Value {
        let config = shop(self.version, spec);
        self.applies(Some(live), &config, true).unwrap()
    }

    pub(super) fn writes(self, live: Option<&Value>, new: &Value) -> Value {
        let mut new = new.clone();
        self.with(|typed, author| track(live, &mut new, typed, author));
        new
    }
}

pub(super) fn shop(version: &str, spec: Value) -> Value {
    json!({ "apiVersion": version, "kind": "Shop", "metadata": { "name": "a" }, "spec": spec })
}

fn v2(spec: Value) -> Value {
    shop("shops/v2", spec)
}

/// The fields of each owner, as `name: FieldsV1`, with the operation's first letter.
fn owners(object: &Value) -> Value {
    let entries = managers::of(object).as_array().cloned().unwrap_or_default();
    let entry = |it: &Value| {
        let word = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", word("manager"), word("operation"));
        (name, it["fieldsV1"].clone())
    };
    Value::Object(entries.iter().map(entry).collect())
}

#[test]
fn an_apply_owns_what_it_says_and_no_more() {
    let config = json!({
        "replicas": 3, "tags": ["x"], "args": ["a", "b"], "ports": [{ "port": 80 }],
        "target": { "kind": "K" }, "part": { "a": "1" }, "free": { "deep": { "er": [1] } },
    });
    let made = by("me").spec(None, config.clone()).unwrap();
    assert_eq!(made["spec"], config);
    let port = json!({ ".": {}, "f:port": {} });
    let fields = json!({ "f:spec": {
        "f:replicas": {}, "f:tags": { "v:\"x\"": {} }, "f:args": {},
        "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": port },
        "f:target": {}, "f:part": { "f:a": {} },
        "f:free": { "f:deep": { ".": {}, "f:er": {} } },
    } });
    assert_eq!(
        made["metadata"]["managedFields"],
        json!([{ "manager": "me", "operation": "Apply", "apiVersion": "shops/v2",
            "time": "2001-09-09T01:46:40Z", "fieldsType": "FieldsV1", "fieldsV1": fields }])
    );
}

#[test]
fn an_apply_that_changes_nothing_changes_no_time() {
    let made = by("me").spec(None, json!({ "replicas": 3 })).unwrap();
    let again = by("me").at(1).spec(Some(&made), json!({ "replicas": 3 }));
    assert_eq!(again.unwrap(), made);
}

#[test]
fn an_apply_leaves_what_others_have_and_it_does_not_name() {
    let made = by("me").spec(None, json!({ "replicas": 3 })).unwrap();
    let both = by("you").spec(Some(&made), json!({ "name": "n" })).unwrap();
    assert_eq!(both["spec"], json!({ "replicas": 3, "name": "n" }));
    let fields = |field: &str| json!({ "f:spec": { field: {} } });
    let all = json!({ "me Apply": fields("f:replicas"), "you Apply": fields("f:name") });
    assert_eq!(owners(&both), all);
}

#[test]
fn what_is_no_longer_applied_goes_unless_somebody_else_owns_it() {
    let spec = json!({ "replicas": 3, "name": "n", "part": { "a": "1" }, "tags": ["x", "y"] });
    let made = by("me").spec(None, spec).unwrap();
    let both = by("you")
        .spec(Some(&made), json!({ "replicas": 3, "tags": ["y"] }))
        .unwrap();
    let left = by("me")
        .at(1)
        .spec(Some(&both), json!({ "part": {} }))
        .unwrap();
    assert_eq!(
        left["spec"],
        json!({ "replicas": 3, "part": {}, "tags": ["y"] })
    );
    let yours = json!({ "f:spec": { "f:replicas": {}, "f:tags": { "v:\"y\"": {} } } });
    let mine = json!({ "f:spec": { "f:part": {} } });
    assert_eq!(
        owners(&left),
        json!({ "me Apply": mine, "you Apply": yours })
    );
}

#[test]
fn a_change_of_what_another_owns_is_a_conflict_with_its_name() {
    let made = by("me")
        .spec(None, json!({ "replicas": 3, "name": "n" }))
        .unwrap();
    let refused = by("you")
        .spec(Some(&made), json!({ "replicas": 4 }))
        .unwrap_err();
    let conflict = Conflict {
        owner: "\"me\"".to_owned(),
        field: ".spec.replicas".to_owned(),
    };
    assert_eq!(refused, NotApplied::Conflicts(vec![conflict]));
    let status = refused.refusal().to_json();
    let cause = json!({ "reason": "FieldManagerConflict", "message": "conflict with \"me\"",
        "field": ".spec.replicas" });
    assert_eq!(
        status,
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Apply failed with 1 conflict: conflict with \"me\": .spec.replicas",
            "reason": "Conflict", "details": { "causes": [cause] }, "code": 409 })
    );
}

#[test]
fn several_conflicts_are_told_by_owner() {
    let made = by("me").spec(
        None,
        json!({ "name": "n", "ports": [{ "port": 1, "note": "x" }] }),
    );
    let mut new = made.clone().unwrap();
    new["spec"]["replicas"] = json!(1);
    let both = by("kubectl").of("scale").using("shops/v2");
    let mut tracked = by("kubectl").writes(made.as_ref().ok(), &new);
    assert_eq!(both.writes(Some(&tracked), &tracked), tracked);
    tracked["metadata"]["managedFields"][1]["subresource"] = json!("scale");
    let spec = json!({ "replicas": 2, "name": "m", "ports": [{ "port": 1, "note": "y" }] });
    let refused = by("you").spec(Some(&tracked), spec).unwrap_err().refusal();
    assert_eq!(
        refused.message,
        "Apply failed with 3 conflicts: conflicts with \"kubectl\" with subresource \"scale\" \
         using shops/v2:\n- .spec.replicas\nconflicts with \"me\":\n- .spec.name\n\
         - .spec.ports[port=1,protocol=\"TCP\"].note"
    );
}

#[test]
fn force_takes_what_others_own() {
    let made = by("me")
        .spec(None, json!({ "replicas": 3, "name": "n" }))
        .unwrap();
    let taken = by("you").at(1).forces(&made, json!({ "replicas": 4 }));
    assert_eq!(taken["spec"], json!({ "replicas": 4, "name": "n" }));
    let fields = |field: &str| json!({ "f:spec": { field: {} } });
    let all = json!({ "me Apply": fields("f:name"), "you Apply": fields("f:replicas") });
    assert_eq!(owners(&taken), all);
    let times: Vec<&Value> = (0..2).map(|it| &managers::of(&taken)[it]["time"]).collect();
    assert_eq!(times, [&json!("2001-09-09T01:46:40Z"), &json!(LATER)]);
}

#[test]
fn a_new_owner_of_the_same_values_changes_nothing_and_has_no_time() {
    let made = by("me").spec(None, json!({ "replicas": 3 })).unwrap();
    let both = by("you")
        .at(1)
        .spec(Some(&made), json!({ "replicas": 3 }))
        .unwrap();
    assert_eq!(both["spec"], made["spec"]);
    let entries = managers::of(&both).as_array().unwrap();
    // Without a time it is older than all.
    assert_eq!(entries[0]["manager"], "you");
    assert_eq!(entries[0].get("time"), None);
}

#[test]
fn lists_merge_by_what_tells_their_items_apart() {
    let port = |port: i32, note: &str| json!({ "port": port, "note": note });
    let cases = [
        (
            "tags",
            json!(["a", "b", "c"]),
            json!(["c", "x", "a"]),
            json!(["b", "c", "x", "a"]),
        ),
        ("tags", json!(["a"]), json!([]), json!(["a"])),
        ("tags", json!([]), json!([]), json!([])),
        ("args", json!(["a", "b"]), json!(["c"]), json!(["c"])),
        (
            "ports",
            json!([port(1, "a"), { "port": 2, "protocol": "UDP" }]),
            json!([{ "port": 3 }, { "port": 1, "protocol": "TCP" }]),
            json!([
                { "port": 3 }, { "port": 1, "protocol": "TCP", "note": "a" },
                { "port": 2, "protocol": "UDP" }
            ]),
        ),
    ];
    for (field, live, config, expected) in cases {
        let live = v2(json!({ field: live }));
        let made = by("me").forces(&live, json!({ field: config }));
        assert_eq!(made["spec"][field], expected, "{field}: {config}");
    }
}

#[test]
fn a_struct_owned_whole_is_replaced_whole_and_null_keeps_what_holds_others() {
    let live =
        v2(json!({ "target": { "kind": "K", "name": "n" }, "part": { "a": "1" }, "name": "n" }));
    let made = by("me").forces(
        &live,
        json!({ "target": { "name": "m" }, "part": null, "name": null }),
    );
    let expected = json!({ "target": { "name": "m" }, "part": { "a": "1" }, "name": null });
    assert_eq!(made["spec"], expected);
}

#[test]
fn a_configuration_that_the_schema_does_not_allow_is_refused() {
    let head = "failed to create typed patch object (/a; shops/v2, Kind=Shop): ";
    let cases = [
        (
            json!({ "foo": 1 }),
            ".spec.foo: field not declared in schema",
        ),
        (
            json!({ "replicas": "1" }),
            ".spec.replicas: expected numeric (int or float), got string",
        ),
        (
            json!({ "name": 1 }),
            ".spec.name: expected string, got &value.valueUnstructured{Value:1}",
        ),
        (
            json!({ "part": ["x"] }),
            ".spec.part: expected map, got &{[x]}",
        ),
        (
            json!({ "tags": "x" }),
            ".spec.tags: expected list, got &{x}",
        ),
        (
            json!({ "tags": ["x", "x"] }),
            ".spec.tags: duplicate entries for key [=\"x\"]",
        ),
        (
            json!({ "ports": [{ "port": 1 }, { "port": 1, "protocol": "TCP" }] }),
            ".spec.ports: duplicate entries for key [port=1,protocol=\"TCP\"]",
        ),
        (
            json!({ "tags": [null] }),
            ".spec.tags: element 0: associative list without keys has an element that's an \
             explicit null",
        ),
        (
            json!({ "args": [1], "foo": 1 }),
            "errors:\n  .spec.args[0]: expected string, got \
             &value.valueUnstructured{Value:1}\n  .spec.foo: field not declared in schema",
        ),
    ];
    for (spec, why) in cases {
        let refusal = by("me").spec(None, spec).unwrap_err().refusal();
        assert_eq!(
            (refusal.code, refusal.message),
            (500, format!("{head}{why}"))
        );
    }
}

#[test]
fn a_configuration_of_another_kind_or_with_owners_is_refused() {
    let live = v2(json!({}));
    let mut other = live.clone();
    other["kind"] = json!("Stall");
    let mut owned = live.clone();
    owned["metadata"]["managedFields"] = json!([]);
    let cases = [
        (
            shop("shops/v1", json!({})),
            "invalid object type: shops/v1, Kind=Shop",
        ),
        (shop("v1", json!({})), "invalid object type: /v1, Kind=Shop"),
        (other, "invalid object type: shops/v2, Kind=Stall"),
        (json!([]), "invalid object type: /, Kind="),
        (owned, "metadata.managedFields must be nil"),
    ];
    for (config, why) in cases {
        let refusal = by("me")
            .applies(Some(&live), &config, true)
            .unwrap_err()
            .refusal();
        assert_eq!((refusal.code, refusal.message.as_str()), (400, why));
    }
}

#[test]
fn whoever_creates_owns_all_and_whoever_changes_owns_the_change() {
    let mut object = v2(json!({ "replicas": 1, "name": "n", "part": { "a": "1" } }));
    object["status"] = json!({ "seen": 1 });
    let made = by("me").writes(None, &object);
    let mine = json!({ "f:spec": { ".": {}, "f:replicas": {}, "f:name": {},
        "f:part": { ".": {}, "f:a": {} } } });
    assert_eq!(owners(&made), json!({ "me Update": mine }));
    let mut new = made.clone();
    new["spec"] = json!({ "replicas": 2, "part": { "a": "1", "b": "2" } });
    let changed = by("you").at(1).writes(Some(&made), &new);
    let mine = json!({ "f:spec": { ".": {}, "f:part": { ".": {}, "f:a": {} } } });
    let yours = json!({ "f:spec": { "f:replicas": {}, "f:part": { "f:b": {} } } });
    assert_eq!(
        owners(&changed),
        json!({ "me Update": mine, "you Update": yours })
    );
    let still = by("you").at(2).writes(Some(&changed), &changed);
    assert_eq!(still, changed);
}

#[test]
fn an_endpoint_gives_nobody_what_it_does_not_write() {
    let made = by("me").writes(None, &v2(json!({ "replicas": 1 })));
    let mut new = made.clone();
    new["spec"]["replicas"] = json!(2);
    new["status"] = json!({ "seen": 1 });
    let seen = by("me").of("status").writes(Some(&made), &new);
    let entry = &managers::of(&seen)[1];
    assert_eq!(entry["subresource"], "status");
    assert_eq!(
        entry["fieldsV1"],
        json!({ "f:status": { ".": {}, "f:seen": {} } })
    );
}

#[test]
fn a_scale_takes_replicas_from_their_owner_but_not_from_nobody() {
    let made = by("me")
        .spec(None, json!({ "replicas": 1, "name": "n" }))
        .unwrap();
    let mut new = made.clone();
    new["spec"]["replicas"] = json!(2);
    let scaled = by("you").of("scale").writes(Some(&made), &new);
    let entry = json!({ "manager": "you", "operation": "Update", "apiVersion": "shops/v2",
        "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { "f:replicas": {} } },
        "subresource": "scale" });
    assert_eq!(managers::of(&scaled)[1], entry);
    assert_eq!(
        managers::of(&scaled)[0]["fieldsV1"],
        json!({ "f:spec": { "f:name": {} } })
    );

    let made = by("me").spec(None, json!({ "name": "n" })).unwrap();
    let mut new = made.clone();
    new["spec"]["replicas"] = json!(2);
    let scaled = by("you").of("scale").writes(Some(&made), &new);
    assert_eq!(owners(&scaled), owners(&made));
}

#[test]
fn owners_can_be_edited_and_reset_by_hand() {
    let made = by("me").writes(None, &v2(json!({ "replicas": 1 })));
    let with = |entries: Value| {
        let mut new = made.clone();
        new["metadata"]["managedFields"] = entries;
        by("you").writes(Some(&made), &new)
    };
    assert_eq!(managers::of(&with(json!([{}]))), &Value::Null);
    // Clients that know nothing of owners send none; a custom resource loses an empty list.
    for nothing in [
        json!(null),
        json!([]),
        json!([{ "manager": "x" }]),
        json!("x"),
    ] {
        assert_eq!(owners(&with(nothing)), owners(&made));
    }
    let hand = json!([{ "manager": "hand", "operation": "Apply", "apiVersion": "shops/v2",
        "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { "f:name": {} } }, "time": LATER }]);
    assert_eq!(managers::of(&with(hand.clone())), &hand);
    let mut gone = hand;
    gone[0]["apiVersion"] = json!("shops/v0");
    assert_eq!(managers::of(&with(gone)), &Value::Null);
}

#[test]
fn nobody_is_accounted_for_until_the_first_apply_which_then_finds_all_who_were_before() {
    let stored = v2(json!({ "replicas": 1, "name": "n" }));
    let mut new = stored.clone();
    new["spec"]["replicas"] = json!(2);
    assert_eq!(
        managers::of(&by("me").writes(Some(&stored), &new)),
        &Value::Null
    );
    let made = by("me")
        .spec(
            Some(&stored),
            json!({ "replicas": 1, "part": { "a": "1" } }),
        )
        .unwrap();
    let before = json!({ "f:spec": { ".": {}, "f:replicas": {}, "f:name": {} } });
    let mine = json!({ "f:spec": { "f:replicas": {}, "f:part": { "f:a": {} } } });
    assert_eq!(
        owners(&made),
        json!({ "me Apply": mine, "before-first-apply Update": before })
    );
    let refused = by("me")
        .spec(Some(&stored), json!({ "replicas": 9 }))
        .unwrap_err();
    assert_eq!(
        refused.refusal().message,
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using shops/v2: \
         .spec.replicas"
    );
}

#[test]
fn owners_are_understood_in_their_own_version() {
    let made = by("me")
        .using("shops/v1")
        .spec(None, json!({ "size": 1, "name": "n" }))
        .unwrap();
    let live = converted(&made, "shops/v2");
    let refused = by("you")
        .spec(Some(&live), json!({ "replicas": 2 }))
        .unwrap_err();
    assert_eq!(
        refused.refusal().message,
        "Apply failed with 1 conflict: conflict with \"me\": .spec.size"
    );
    // The same applier is one owner in all versions: what it applied in the old one goes.
    let moved = by("me")
        .at(1)
        .spec(Some(&live), json!({ "name": "n" }))
        .unwrap();
    assert_eq!(moved["spec"], json!({ "name": "n" }));
    assert_eq!(
        owners(&moved),
        json!({ "me Apply": { "f:spec": { "f:name": {} } } })
    );
    let mut new = live.clone();
    new["spec"]["replicas"] = json!(2);
    let changed = by("you").writes(Some(&live), &new);
    let mine = json!({ "f:spec": { "f:name": {} } });
    let yours = json!({ "f:spec": { "f:replicas": {} } });
    assert_eq!(
        owners(&changed),
        json!({ "me Apply": mine, "you Update": yours })
    );
}

#[test]
fn the_oldest_of_more_than_ten_updaters_become_one() {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let mut live = by("me").writes(None, &v2(json!({ "free": {} })));
    for (index, name) in NAMES.into_iter().enumerate() {
        let mut new = live.clone();
        new["spec"]["free"][name] = json!(1);
        live = by(name).at(1 + index as i64).writes(Some(&live), &new);
    }
    let all = owners(&live);
    assert_eq!(all.as_object().unwrap().len(), 10);
    let ancient =
        json!({ "f:spec": { ".": {}, "f:free": { ".": {}, "f:a": {}, "f:b": {}, "f:c": {} } } });
    assert_eq!(all["ancient-changes Update"], ancient);
    assert_eq!(managers::of(&live)[0]["time"], "2001-09-09T01:46:43Z");
}

#[test]
fn a_place_that_is_always_there_has_no_owner() {
    let writer = by("me").using("shops/built-in");
    let spec = json!({ "strategy": { "type": "R" }, "window": { "size": 1 },
        "items": [{ "port": 1 }] });
    let made = writer.writes(None, &shop("shops/built-in", spec));
    let item = json!({ ".": {}, "f:port": {} });
    let fields = json!({ "f:spec": {
        "f:strategy": { "f:type": {} },
        "f:window": { ".": {}, "f:size": {} },
        "f:items": { "k:{\"port\":1}": item },
    } });
    assert_eq!(owners(&made), json!({ "me Update": fields }));
    let mut reset = made.clone();
    reset["metadata"]["managedFields"] = json!([]);
    assert_eq!(
        managers::of(&writer.writes(Some(&made), &reset)),
        &Value::Null
    );
}

#[test]
fn parts_of_what_is_owned_whole_by_now_are_owned_whole() {
    let mut live = v2(json!({ "target": { "kind": "K" }, "args": ["a"] }));
    live["metadata"]["managedFields"] = json!([{ "manager": "me", "operation": "Apply",
        "apiVersion": "shops/v2", "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": {
            "f:target": { "f:kind": {} }, "f:args": { "i:0": {} } } } }]);
    let new = by("you").writes(Some(&live), &live);
    let mine = json!({ "f:spec": { "f:target": {}, "f:args": {} } });
    assert_eq!(owners(&new), json!({ "me Apply": mine }));
}

#[test]
fn kubectl_does_not_conflict_with_what_it_applied_on_the_client_side() {
    const LAST: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let mut object = v2(json!({ "replicas": 1, "name": "n" }));
    object["metadata"]["annotations"] = json!({ LAST: v2(json!({ "replicas": 1 })).to_string() });
    let live = by("kubectl-client-side-apply").writes(None, &object);
    let refused = by("kubectl").spec(Some(&live), json!({ "replicas": 2, "name": "m" }));
    assert_eq!(
        refused.unwrap_err().refusal().message,
        "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using \
         shops/v2: .spec.name"
    );
    assert!(
        by("other")
            .spec(Some(&live), json!({ "replicas": 2 }))
            .is_err()
    );
    let made = by("kubectl")
        .spec(Some(&live), json!({ "replicas": 2 }))
        .unwrap();
    assert_eq!(made["spec"], json!({ "replicas": 2, "name": "n" }));
    let last = made["metadata"]["annotations"][LAST].as_str().unwrap();
    assert_eq!(last, format!("{}\n", v2(json!({ "replicas": 2 }))));
}

#[test]
fn times_are_kept_only_if_nothing_else_has_changed() {
    let live = by("me").writes(None, &v2(json!({ "replicas": 1 })));
    let mut later = live.clone();
    later["metadata"]["managedFields"][0]["time"] = json!(LATER);
    let kept = |new: &Value| {
        let mut new = new.clone();
        keep_times(&live, &mut new);
        new
    };
    assert_eq!(kept(&later), live);
    let mut changed = later.clone();
    changed["spec"]["replicas"] = json!(2);
    assert_eq!(kept(&changed), changed);
    let mut labeled = later;
    labeled["metadata"]["labels"] = json!({});
    assert_eq!(kept(&labeled), labeled);
}
