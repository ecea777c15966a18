use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn shown(arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
    command(&arguments)
}

#[test]
fn values_of_secret_flags_are_left_out_in_every_spelling() {
    let cases: [(&[&str], &str); 9] = [
        (&["apply", "--token", "x"], "apply --token REDACTED"),
        (&["apply", "--token=x"], "apply --token=REDACTED"),
        (
            &["--client-key", "--password", "x"],
            "--client-key REDACTED REDACTED",
        ),
        (
            &["--prometheus-url", "http://me:a b@c/d@host:9090"],
            "--prometheus-url http://REDACTED@host:9090",
        ),
        (
            &["--prometheus-header=X-Api: x y"],
            "--prometheus-header=REDACTED",
        ),
        (&["PASSWORD=x y"], "PASSWORD=REDACTED"),
        (&["X-Api-Key: x"], "X-Api-Key=REDACTED"),
        (
            &["-n", "shop", "--reason", "it's me", ""],
            r"-n shop --reason 'it'\''s me' ''",
        ),
        (
            &["--slo", "p99=rate(x[5m]) < 0.3"],
            "--slo 'p99=rate(x[5m]) < 0.3'",
        ),
    ];
    for (arguments, expected) in cases {
        assert_eq!(shown(arguments), expected);
    }
}

#[test]
fn texts_keep_all_but_their_secrets() {
    let cases = [
        (
            "GET http://me:x@host/p: 401",
            "GET http://REDACTED@host/p: 401",
        ),
        (
            "Authorization: Basic bWU6eA== sent",
            "Authorization: REDACTED",
        ),
        ("sent basic bWU6eA== to it", "sent Basic REDACTED to it"),
        ("basic authentication failed", "basic authentication failed"),
        ("bearer abc.def was refused", "Bearer REDACTED was refused"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln!", "got REDACTED!"),
        ("/q?api_key=x&step=5", "/q?api_key=REDACTED&step=5"),
        (
            r#"{"password":"x y","a":1}"#,
            r#"{"password":REDACTED,"a":1}"#,
        ),
        ("exec,--token x failed", "exec,--token REDACTED failed"),
        (
            "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nrest",
            "REDACTED\nrest",
        ),
        ("secret: not found", "secret: not found"),
        (
            "key: min_replicas is 4, was 3",
            "key: min_replicas is 4, was 3",
        ),
        ("hpa/web in namespace shop", "hpa/web in namespace shop"),
    ];
    for (given, expected) in cases {
        assert_eq!(text(given), expected);
    }
}

#[test]
fn more_forms_of_secrets_are_known() {
    let cases = [
        ("me:x@tcp(db:3306)/a", "REDACTED@tcp(db:3306)/a"),
        (
            "dial me:x@rabbit:5672 failed",
            "dial REDACTED@rabbit:5672 failed",
        ),
        (
            "post https://hooks.slack.com/services/T0/B0/x: 404",
            "post https://hooks.slack.com/REDACTED 404",
        ),
        (
            "https://keda-admission-webhooks.keda.svc:443/validate?timeout=10s",
            "https://keda-admission-webhooks.keda.svc:443/validate?timeout=10s",
        ),
        ("key AKIAIOSFODNN7EXAMPLE is old", "key REDACTED is old"),
        ("ghp_0123456789abcdefghij", "REDACTED"),
        (
            "Incorrect API key provided: sk-proj-0123456789_abcdef-x.",
            "Incorrect API key provided: REDACTED.",
        ),
        (
            "sk-ant-api03-0123456789abcdef was refused",
            "REDACTED was refused",
        ),
        ("sk-0123456789abcdef0123456789abcdef", "REDACTED"),
        (
            "pod risk-engine-7f9c8d7b6-abcde of sk-import-worker-7f9c8d7b6-abcde",
            "pod risk-engine-7f9c8d7b6-abcde of sk-import-worker-7f9c8d7b6-abcde",
        ),
        ("Cookie: a=b; c=d\nnext", "Cookie: REDACTED\nnext"),
        ("curl -u me:x http://h", "curl -u REDACTED http://h"),
        ("kubectl --user me get pods", "kubectl --user me get pods"),
        ("Server=db;Pwd=x;A=b", "Server=db;Pwd=REDACTED;A=b"),
        ("?sv=1&sig=x&y=2", "?sv=1&sig=REDACTED&y=2"),
        (
            r#"{\"token\":\"x y\",\"a\":1}"#,
            r#"{\"token\":REDACTED\",\"a\":1}"#,
        ),
        (r#"{"clientSecret":"x"}"#, r#"{"clientSecret":REDACTED}"#),
        (r#"password="a \"b\" c" more"#, "password=REDACTED more"),
        ("LS0tLS1CRUdJTiBSU0E= end", "REDACTED end"),
        (
            "12:30:45 node-1:10250 a@b.example",
            "12:30:45 node-1:10250 a@b.example",
        ),
    ];
    for (given, expected) in cases {
        assert_eq!(text(given), expected);
    }
}

#[test]
fn what_is_left_out_is_counted_once_by_its_rule() {
    let mut tally = Tally::default();
    let log = "a\n-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----\npassword=x\ntoken=REDACTED\n";
    let shown = lines(log, &mut tally);
    assert_eq!(shown, "a\nREDACTED\npassword=REDACTED\ntoken=REDACTED\n");
    let counts: Vec<_> = tally.iter().collect();
    assert_eq!(counts, [("assignment", 1), ("pem", 1)]);
}

#[test]
fn of_manifests_the_place_decides() {
    let mut given = json!({
        "metadata": {
            "labels": {"app": "web", "access-token": "x"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}",
                "autoscaling.keda.sh/paused": "true", "n": "{\"auth\":\"x\"}"}},
        "spec": {
            "containers": [{
                "env": [{"name": "MODE", "value": "x"}, {"name": "WORKERS", "value": "4"},
                    {"name": "PIN_TOKEN", "value": "4711"}, {"name": "DEBUG", "value": "true"},
                    {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
                "args": ["--token", "x", "--replicas=3", "-u", "me:x", "--password=x"],
                "readinessProbe": {"httpGet": {"httpHeaders": [{"name": "Accept", "value": "x"}]}}}],
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [{"secret": {"secretName": "s"}}, {"csi": {"volumeAttributes": {"share": "x"}}}],
            "triggers": [{"type": "metrics-api", "metadata": {"url": "http://a:1/b?key=x", "apiKey": "x",
                "targetValue": "5"}, "authenticationRef": {"name": "login"}}]}
    });
    let expected = json!({
        "metadata": {
            "labels": {"app": "web", "access-token": REDACTED},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": REDACTED,
                "autoscaling.keda.sh/paused": "true", "n": "{\"auth\":\"REDACTED\"}"}},
        "spec": {
            "containers": [{
                "env": [{"name": "MODE", "value": REDACTED}, {"name": "WORKERS", "value": "4"},
                    {"name": "PIN_TOKEN", "value": REDACTED}, {"name": "DEBUG", "value": "true"},
                    {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
                "args": ["--token", REDACTED, "--replicas=3", "-u", REDACTED, "--password=REDACTED"],
                "readinessProbe": {"httpGet": {"httpHeaders": [{"name": "Accept", "value": REDACTED}]}}}],
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [{"secret": {"secretName": "s"}}, {"csi": {"volumeAttributes": {"share": REDACTED}}}],
            "triggers": [{"type": "metrics-api", "metadata": {"url": "http://a:1/b?key=REDACTED", "apiKey": REDACTED,
                "targetValue": "5"}, "authenticationRef": {"name": "login"}}]}
    });
    manifest(&mut given, &mut Tally::default());
    assert_eq!(given, expected);
}

#[test]
fn objects_keep_references_and_lose_secrets() {
    let mut given = json!({
        "kind": "List",
        "items": [
            {"kind": "Secret", "metadata": {"name": "a"}, "data": {"x": "eA=="}, "stringData": {"y": 1}},
            {"kind": "TriggerAuthentication", "spec": {
                "secretTargetRef": [{"parameter": "p", "name": "n", "key": "k"}],
                "env": [{"name": "DB_PASSWORD", "value": "x"}, {"name": "MODE", "value": "fast"}]}},
            {"kind": "Pod", "spec": {"automountServiceAccountToken": true, "secretName": "s",
                "tolerations": [{"key": "k"}], "apiKey": "x", "tokens": ["x"]}},
            {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration":
                "{\"kind\":\"Secret\",\"data\":{\"x\":\"eA==\"}}"}}},
        ]
    });
    object(&mut given);
    let expected = json!({
        "kind": "List",
        "items": [
            {"kind": "Secret", "metadata": {"name": "a"}, "data": {"x": REDACTED}, "stringData": {"y": REDACTED}},
            {"kind": "TriggerAuthentication", "spec": {
                "secretTargetRef": [{"parameter": "p", "name": "n", "key": "k"}],
                "env": [{"name": "DB_PASSWORD", "value": REDACTED}, {"name": "MODE", "value": "fast"}]}},
            {"kind": "Pod", "spec": {"automountServiceAccountToken": true, "secretName": "s",
                "tolerations": [{"key": "k"}], "apiKey": REDACTED, "tokens": REDACTED}},
            {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration":
                "{\"data\":{\"x\":\"REDACTED\"},\"kind\":\"Secret\"}"}}},
        ]
    });
    let same_order: Value = serde_json::from_str(&expected.to_string()).unwrap();
    let annotation =
        "/items/3/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
    let inner = |it: &Value| {
        let text = it.pointer(annotation).unwrap().as_str().unwrap().to_owned();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    assert_eq!(inner(&given), inner(&same_order));
    assert_eq!(
        given["items"].as_array().unwrap()[..3],
        same_order["items"].as_array().unwrap()[..3]
    );
}

/// In every secret, and nowhere else.
const MARK: &str = "hunter2";

/// As people and generators make them; no form here allows quotes or blanks within.
fn secret() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+/=_.~!$%^*-]{0,12}".prop_map(|it| format!("{it}{MARK}{it}"))
}

fn name() -> impl Strategy<Value = String> {
    let core = prop::sample::select(vec!["token", "password", "secret", "key", "TOKEN", "Key"]);
    ("[a-z]{0,5}-?", core, "(-[a-z]{1,5})?").prop_map(|(a, b, c)| format!("{a}{b}{c}"))
}

proptest! {
    #[test]
    fn no_secret_is_ever_in_a_command_line(
        secret in "[^\0]{0,9}".prop_map(|it| format!("{it}{MARK}{it}")),
        name in name(),
        word in "[a-z]{1,9}",
        form in 0..5,
    ) {
        let arguments = match form {
            0 => vec![format!("--{name}={secret}")],
            1 => vec![format!("--{name}"), secret],
            2 => vec![format!("http://{word}:{secret}@{word}:9090/x")],
            3 => vec![format!("--{word}=http://{secret}@{word}")],
            _ => vec![format!("--{name}"), format!("--{name}"), secret],
        };
        let arguments: Vec<String> = [word].into_iter().chain(arguments).collect();
        let shown = command(&arguments);
        prop_assert!(!shown.contains(MARK), "{shown}");
    }

    #[test]
    fn no_secret_is_ever_in_a_text(
        secret in secret(),
        name in name(),
        before in "([a-z]{1,9}[ ,]){0,3}",
        after in "([ ,][a-z]{1,9}){0,3}",
        form in 0..9,
    ) {
        let encoded = STANDARD.encode(format!("me:{secret}"));
        let inner = match form {
            0 => format!("Authorization: Bearer {secret}"),
            1 => format!("bearer {secret}"),
            2 => format!("Basic {encoded}"),
            3 => format!("https://me:{secret}@host/path"),
            4 => format!("https://host/path?{name}={secret}&x=1"),
            5 => format!("{name}={secret}"),
            6 => format!(r#""password":"{secret}""#),
            7 => format!("--{name} {secret}"),
            _ => format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----"),
        };
        let shown = text(&format!("{before}{inner}{after}")).into_owned();
        prop_assert!(!shown.contains(MARK) && !shown.contains(&encoded), "{shown}");
    }

    #[test]
    fn no_data_of_a_secret_is_ever_in_an_object(
        secret in "\\PC{0,9}".prop_map(|it| format!("{it}{MARK}{it}")),
        field in "[a-z.]{1,9}",
        form in 0..4,
        depth in 0..4,
    ) {
        let manifest = json!({"kind": "Secret", "data": {&field: secret}});
        let mut value = match form {
            0 => manifest,
            1 => json!({&field: manifest.to_string()}),
            2 => json!({"clientSecret": secret}),
            _ => json!({"env": [{"name": "API_TOKEN", "value": secret}]}),
        };
        for _ in 0..depth {
            value = json!({&field: [value]});
        }
        object(&mut value);
        prop_assert!(!value.to_string().contains(MARK), "{value}");
    }

    #[test]
    fn what_was_left_out_once_stays_so(parts in prop::collection::vec(part(), 0..6)) {
        let given = parts.concat();
        let once = text(&given).into_owned();
        prop_assert_eq!(text(&once), once.as_str(), "{}", given);
        let mut tally = Tally::default();
        counted(&once, &mut tally);
        prop_assert_eq!(tally.total(), 0, "{}", once);
    }

    #[test]
    fn hints_never_hide_a_secret(parts in prop::collection::vec(part(), 0..6)) {
        let log = parts.concat();
        let by_lines = lines(&log, &mut Tally::default());
        prop_assert!(!by_lines.contains(MARK), "{log:?}: {by_lines:?}");
    }

    #[test]
    fn no_text_panics(given in any::<String>()) {
        let _ = (text(&given), lines(&given, &mut Tally::default()));
    }
}

/// A line with a secret, or without.
fn part() -> impl Strategy<Value = String> {
    let forms = vec![
        "password=@\n",
        "Token: @\n",
        "\"apiKey\":\"@\"\n",
        "--secret @\n",
        "postgres://me:@@db/x\n",
        "AccountKey=@;x\n",
        "Authorization: Basic @\n",
        "Bearer @\n",
        "plain words\n",
        "-----BEGIN PRIVATE KEY-----\n@\n-----END PRIVATE KEY-----\n",
    ];
    prop::sample::select(forms).prop_map(|it| it.replacen('@', MARK, 1))
}
