use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn varint(mut number: u64) -> Vec<u8> {
    let mut all = vec![];
    while number > 0x7f {
        all.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    all.push(number as u8);
    all
}

fn number(field: u64, value: i64) -> Vec<u8> {
    [varint(field << 3), varint(value.cast_unsigned())].concat()
}

fn part(field: u64, content: &[u8]) -> Vec<u8> {
    let length = varint(content.len() as u64);
    [varint(field << 3 | 2), length, content.to_vec()].concat()
}

fn body(api_version: &str, kind: &str, object: &[Vec<u8>]) -> Vec<u8> {
    let about = [part(1, api_version.as_bytes()), part(2, kind.as_bytes())].concat();
    let envelope = [part(1, &about), part(2, &object.concat())].concat();
    [MAGIC, &envelope].concat()
}

fn named(name: &str) -> Vec<u8> {
    // A name, no generation, no time of creation, a label.
    let label = [part(1, b"app"), part(2, b"web")].concat();
    let all = [
        part(1, name.as_bytes()),
        part(2, b""),
        number(7, 0),
        part(8, b""),
    ];
    part(1, &[all.concat(), part(11, &label)].concat())
}

#[test]
fn a_deployment_reads_as_in_json() {
    let limit = [part(1, b"cpu"), part(2, &part(1, b"100m"))].concat();
    let resources = part(8, &part(1, &limit));
    let target = part(2, &[number(1, 1), number(2, 0), part(3, b"http")].concat());
    let probe = part(11, &part(1, &part(2, &[part(1, b"/"), target].concat())));
    let container = [part(1, b"web"), part(2, b"web:1"), resources, probe];
    let container = [
        container.concat(),
        part(6, &part(1, b"")),
        part(7, &part(1, b"")),
    ]
    .concat();
    let volume = [part(1, b"tmp"), part(2, &part(2, b""))].concat();
    let pod = [
        part(1, &volume),
        part(2, &container),
        number(11, 0),
        number(13, 0),
    ]
    .concat();
    let template = part(3, &[part(1, b""), part(2, &pod)].concat());
    let surge = [number(1, 0), number(2, 25), part(3, b"")].concat();
    let strategy = part(4, &part(2, &part(2, &surge)));
    let spec = [number(1, 0), template, strategy, number(5, 0), number(7, 0)].concat();
    let body = body(
        "apps/v1",
        "Deployment",
        &[named("web"), part(2, &spec), part(3, b"")],
    );
    let expected = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "labels": { "app": "web" } },
        "spec": {
            "replicas": 0,
            "strategy": { "rollingUpdate": { "maxSurge": 25 } },
            "template": { "spec": {
                "volumes": [{ "name": "tmp", "emptyDir": {} }],
                "containers": [{ "name": "web", "image": "web:1",
                    "ports": [{}], "env": [{}],
                    "resources": { "limits": { "cpu": "100m" } },
                    "readinessProbe": { "httpGet": { "path": "/", "port": "http" } } }],
            } },
        },
    });
    assert_eq!(decode(&body).unwrap(), expected);
}

#[test]
fn bytes_times_and_json_have_forms_of_their_own() {
    let entry = [part(1, b"password"), part(2, &[0, 255])].concat();
    let secret = decode(&body("v1", "Secret", &[part(2, &entry)])).unwrap();
    assert_eq!(
        secret["data"]["password"],
        json!(BASE64_STANDARD.encode([0, 255]))
    );
    let at = [number(1, 1_700_000_000), number(2, 5_000)].concat();
    let event = body("v1", "Event", &[part(6, &at), part(10, &at)]);
    let event = decode(&event).unwrap();
    assert_eq!(event["firstTimestamp"], json!("2023-11-14T22:13:20Z"));
    assert_eq!(event["eventTime"], json!("2023-11-14T22:13:20.000005Z"));
    let data = part(2, &part(1, br#"{"a":[1]}"#));
    let revision = decode(&body(
        "apps/v1",
        "ControllerRevision",
        &[data, number(3, -1)],
    ))
    .unwrap();
    assert_eq!(revision["data"], json!({ "a": [1] }));
    assert_eq!(revision["revision"], json!(-1));
}

#[test]
fn lists_in_maps_are_messages() {
    let extra = [
        part(1, b"scopes"),
        part(2, &[part(1, b"a"), part(1, b"b")].concat()),
    ]
    .concat();
    let spec = part(2, &[part(3, b"ann"), part(5, &extra)].concat());
    let review = decode(&body(
        "authorization.k8s.io/v1",
        "SubjectAccessReview",
        &[spec],
    ))
    .unwrap();
    assert_eq!(review["spec"]["extra"], json!({ "scopes": ["a", "b"] }));
    assert_eq!(review["spec"]["user"], json!("ann"));
}

#[test]
fn options_of_a_deletion_belong_to_every_group() {
    let options = body(
        "apps/v1",
        "DeleteOptions",
        &[number(1, 0), part(4, b"Foreground")],
    );
    let expected = json!({ "apiVersion": "apps/v1", "kind": "DeleteOptions",
        "gracePeriodSeconds": 0, "propagationPolicy": "Foreground" });
    assert_eq!(decode(&options).unwrap(), expected);
}

#[test]
fn what_is_unknown_or_cut_off_is_refused() {
    let whole = body("v1", "ConfigMap", &[named("config")]);
    assert!(decode(&whole).is_ok());
    let cut = (0..whole.len()).filter(|end| decode(&whole[..*end]).is_ok());
    // Only after what says of which kind it is: then it is empty.
    let about = [part(1, b"v1"), part(2, b"ConfigMap")].concat();
    let about = MAGIC.len() + part(1, &about).len();
    assert_eq!(cut.collect::<Vec<_>>(), [about]);
    let unknown = decode(&body("example.com/v1", "Thing", &[])).unwrap_err();
    assert_eq!(
        unknown,
        "no kind \"Thing\" is registered for version \"example.com/v1\""
    );
    assert!(decode(b"{}").is_err());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(content in prop::collection::vec(any::<u8>(), 0..60), kind in 0..3_usize) {
        let (api_version, kind) = [("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "Event")][kind];
        let _ = decode(&body(api_version, kind, std::slice::from_ref(&content)));
        let _ = decode(&[MAGIC, &content].concat());
    }
}

#[test]
fn a_map_that_is_no_map_is_refused() {
    let entry = part(2, &[part(1, b"a"), part(2, b"b")].concat());
    let object = [part(1, &named("web")), number(2, 1), entry];
    let refused = decode(&body("v1", "ConfigMap", &object));
    assert_eq!(refused, Err("field data is no map".to_owned()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(fields in proptest::collection::vec((1_u64..20, any::<Option<Vec<u8>>>()), 0..12)) {
        let object: Vec<Vec<u8>> = fields
            .iter()
            .map(|(field, content)| match content {
                Some(content) => part(*field, content),
                None => number(*field, 1),
            })
            .collect();
        for (api_version, kind) in [("v1", "ConfigMap"), ("v1", "Pod"), ("autoscaling/v2", "HorizontalPodAutoscaler")] {
            let _ = decode(&body(api_version, kind, &object));
        }
    }
}
