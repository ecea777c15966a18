//! `license`: key pairs, licenses in every state, where they come from, and signed artifacts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::rig::control_plane::{ControlPlane, unique};
use crate::rig::program::{Said, User, has_kubectl};

/// The last second of the license that the authority issues.
const LAST: &str = "2099-01-31T23:59:59Z";
const CHECKED: [&str; 4] = [
    "--license",
    "license.json",
    "--license-public-key",
    "stepscale-license.pub",
];

/// A home with a key pair, another one, and a license to the end of January 2099.
struct Authority(User);

impl Authority {
    fn new() -> Self {
        let authority = Self(User::new());
        authority.succeeds(&["license", "keygen", "--out-dir", "."]);
        authority.succeeds(&[
            "license",
            "keygen",
            "--private-key",
            "other.key",
            "--public-key",
            "other.pub",
        ]);
        authority.issue("stepscale-license.key", "license.json");
        authority
    }

    fn issue(&self, key: &str, out: &str) {
        self.succeeds(&[
            "license",
            "issue",
            "--private-key",
            key,
            "--customer",
            "Example & Sons",
            "--plan",
            "team",
            "--expires",
            "2099-01-31",
            "--max-clusters",
            "3",
            "--feature",
            "schedules",
            "--out",
            out,
        ]);
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.0.stepscale(arguments);
        Said::by(command.current_dir(self.0.home()))
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.stderr);
        said
    }

    /// `license verify` of the license, at a time.
    fn verify(&self, now: &str, more: &[&str]) -> Said {
        self.run(&[&["license", "verify", "--now", now], &CHECKED[..], more].concat())
    }

    #[track_caller]
    fn refuses(&self, now: &str, why: &str) {
        let said = self.verify(now, &[]);
        assert_eq!(said.code, Some(5), "{}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains(why), "{}", said.stderr);
        assert!(said.stderr.contains("\nhint: "), "{}", said.stderr);
        assert_eq!(said.stdout, "");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path(name), text).unwrap();
    }

    /// The name that key files are told by.
    fn key_id(&self, signature: &str) -> String {
        let text = self.read(signature);
        let line = text.lines().find_map(|it| it.strip_prefix("# key-id: "));
        line.unwrap().to_owned()
    }
}

#[test]
fn a_license_is_valid_to_its_last_second() {
    let authority = Authority::new();
    let said = authority.verify(LAST, &[]);
    assert_eq!((said.code, &*said.stderr), (Some(0), ""));
    assert_eq!(
        said.stdout,
        "licensed: Example & Sons, plan team, expires at 2099-02-01T00:00:00Z (license.json)\n"
    );
}

#[test]
fn grace_counts_its_days_and_ends() {
    let authority = Authority::new();
    for (now, days) in [
        ("2099-02-01T00:00:00Z", "14 more days"),
        ("2099-02-05T00:00:00Z", "10 more days"),
        ("2099-02-14T23:59:59Z", "1 more day\n"),
    ] {
        let said = authority.verify(now, &[]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stdout.starts_with("grace: "), "{}", said.stdout);
        let expected = "warning: the license (license.json) expired at 2099-02-01T00:00:00Z, \
                        accepted for ";
        assert!(said.stderr.starts_with(expected), "{}", said.stderr);
        assert!(said.stderr.contains(days), "{now}: {}", said.stderr);
    }
    let over = "unlicensed (license.json): expired at 2099-02-01T00:00:00Z, and the grace of 14 \
                days is over";
    authority.refuses("2099-02-15T00:00:00Z", over);
    let longer = authority.verify("2099-02-15T00:00:00Z", &["--license-grace-days=15"]);
    assert_eq!(longer.code, Some(0), "{}", longer.stderr);
}

#[test]
fn a_license_of_the_future_is_refused() {
    Authority::new().refuses("2020-01-01T00:00:00Z", "issued in the future");
}

#[test]
fn a_tampered_license_is_refused() {
    let authority = Authority::new();
    let changed = authority.read("license.json").replace("2099", "2199");
    authority.write("license.json", &changed);
    authority.refuses(LAST, "bad signature: changed since it was signed by key");
}

#[test]
fn a_changed_signature_is_refused() {
    let authority = Authority::new();
    let text = authority.read("license.json.sig");
    let encoded = text.lines().nth(1).unwrap();
    let other = if encoded.starts_with('A') { "B" } else { "A" };
    let plain = format!("{other}{}", &encoded[1..]);
    authority.write("license.json.sig", &plain);
    authority.refuses(LAST, "bad signature: changed, or not signed by key");
    authority.write("license.json.sig", "no signature");
    authority.refuses(LAST, "unreadable signature: expected 64 bytes");
    fs::remove_file(authority.0.path("license.json.sig")).unwrap();
    authority.refuses(LAST, "the license has no signature");
}

#[test]
fn a_plain_signature_is_as_good() {
    let authority = Authority::new();
    let text = authority.read("license.json.sig");
    authority.write("license.json.sig", text.lines().nth(1).unwrap());
    assert_eq!(authority.verify(LAST, &[]).code, Some(0));
}

#[test]
fn a_license_of_another_key_is_told_by_both_keys() {
    let authority = Authority::new();
    authority.issue("other.key", "foreign.json");
    fs::rename(
        authority.0.path("foreign.json"),
        authority.0.path("license.json"),
    )
    .unwrap();
    let ours = authority.key_id("license.json.sig");
    let theirs = authority.key_id("foreign.json.sig");
    fs::rename(
        authority.0.path("foreign.json.sig"),
        authority.0.path("license.json.sig"),
    )
    .unwrap();
    let why = format!("signed by another key ({theirs}) than the one given ({ours})");
    authority.refuses(LAST, &why);
    let said = authority.verify(LAST, &["--license-signature", "license.json.sig"]);
    assert_eq!(said.code, Some(5));
}

#[test]
fn a_license_is_shown_with_its_terms() {
    let authority = Authority::new();
    let show = ["license", "show", "--now", LAST];
    let said = authority.succeeds(&[&show[..], &CHECKED].concat());
    let key = authority.key_id("license.json.sig");
    let issued = authority.read("license.json");
    let issued = issued.split("\"issued_at\": \"").nth(1).unwrap();
    let issued = issued.split('"').next().unwrap();
    assert_eq!(issued.len(), "2026-01-01T00:00:00Z".len(), "{issued}");
    let expected = format!(
        "State:     licensed\nSource:    license.json\nKey:       {key}\nCustomer:  Example & Sons\n\
         Plan:      team\nIssued:    {issued}\n\
         Expires:   2099-02-01T00:00:00Z, in less than a day\nClusters:  3\nFeatures:  schedules\n"
    );
    assert_eq!(said.stdout, expected);
    let said = authority.run(&[&show[..], &CHECKED, &["-o=json"]].concat());
    let report = said.report(0);
    assert_eq!(report["state"], "licensed");
    assert_eq!(report["license"]["maxClusters"], 3);
    let nothing = authority.run(&["license", "show", "-o=json", "--now", LAST]);
    let expected = json!({
        "apiVersion": "stepscale.io/v1alpha1", "kind": "License", "state": "unlicensed",
        "reason": "NoLicense", "message": "unlicensed: no license", "source": "none named",
        "checkedAt": LAST,
    });
    assert_eq!(nothing.report(0), expected);
    assert!(
        nothing.stderr.contains("--license FILE"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn environment_and_configuration_name_the_license_too() {
    let authority = Authority::new();
    let show = [
        "license",
        "show",
        "-o=json",
        "--now",
        "2099-02-03T12:00:00Z",
    ];
    let mut command = authority.0.stepscale(&show);
    command
        .current_dir(authority.0.home())
        .env("STEPSCALE_LICENSE", "license.json")
        .env("STEPSCALE_LICENSE_SIGNATURE", "license.json.sig")
        .env(
            "STEPSCALE_LICENSE_PUBLIC_KEY",
            authority.read("stepscale-license.pub"),
        )
        .env("STEPSCALE_LICENSE_GRACE_DAYS", "3");
    let report = Said::by(&mut command).report(0);
    assert_eq!(
        (&report["state"], &report["daysLeft"]),
        (&json!("grace"), &json!(1))
    );
    authority.write(
        "config.yaml",
        "license:\n  file: license.json\n  publicKey: stepscale-license.pub\n  graceDays: 2\n",
    );
    let report = authority.run(&[&show[..], &["--config=config.yaml"]].concat());
    assert_eq!(report.report(0)["reason"], "PastGrace");
}

#[test]
fn a_secret_of_the_cluster_has_the_license() {
    if !has_kubectl() {
        return;
    }
    let plane = ControlPlane::start();
    let authority = Authority::new();
    let name = format!("license-{}", unique());
    let kubectl = |arguments: &[&str]| {
        let mut command = std::process::Command::new("kubectl");
        command.args(arguments).args(["-n", "default"]);
        command.current_dir(authority.0.home());
        Said::by(command.env("KUBECONFIG", plane.kubeconfig()))
    };
    let secret = format!("default/{name}");
    let verify = |user: Option<&str>, secret: &str| {
        let kubeconfig = user.map_or_else(|| plane.kubeconfig(), |it| plane.kubeconfig_of(it));
        let mut command = authority.0.stepscale(&["license", "verify", "--now", LAST]);
        command
            .current_dir(authority.0.home())
            .args(["--license-secret", secret])
            .args(["--license-public-key", "stepscale-license.pub"]);
        Said::by(command.env("KUBECONFIG", kubeconfig))
    };
    let missing = verify(None, &secret);
    assert_eq!(missing.code, Some(3), "{}", missing.stderr);
    let found = format!("not found: secret/{name} in namespace default");
    assert!(missing.stderr.contains(&found), "{}", missing.stderr);

    let half = [
        "create",
        "secret",
        "generic",
        &name,
        "--from-file=license=license.json",
    ];
    let made = kubectl(&half);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let said = verify(None, &secret);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(
        said.stderr.contains("has no key `signature`"),
        "{}",
        said.stderr
    );
    kubectl(&["delete", "secret", &name]);

    let whole = [&half[..], &["--from-file=signature=license.json.sig"]].concat();
    assert_eq!(kubectl(&whole).code, Some(0));
    let said = verify(None, &secret);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let source = format!("(secret/{name} in namespace default)");
    assert!(said.stdout.contains(&source), "{}", said.stdout);
    let hidden = verify(Some("reader"), &secret);
    assert_eq!(hidden.code, Some(4), "{}", hidden.stderr);
    let hint = "kubectl auth can-i get secrets -n default";
    assert!(hidden.stderr.contains(hint), "{}", hidden.stderr);
    kubectl(&["delete", "secret", &name]);
}

#[test]
fn key_files_are_private_and_never_overwritten() {
    let authority = Authority::new();
    let private = authority.0.path("stepscale-license.key");
    let mode = fs::metadata(&private).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = authority.read("stepscale-license.key");
    let again = authority.run(&["license", "keygen", "--out-dir", "."]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    assert!(
        again
            .stderr
            .contains("stepscale-license.key exists already")
    );
    assert_eq!(authority.read("stepscale-license.key"), before);
    let license = authority.read("license.json");
    let issue = "license issue --private-key other.key --customer a --plan trial --days 1 --out \
                 license.json --signature other.sig";
    let issued = authority.run(&issue.split_whitespace().collect::<Vec<_>>());
    assert_eq!(issued.code, Some(2), "{}", issued.stderr);
    assert_eq!(authority.read("license.json"), license);
    assert!(!authority.0.path("other.sig").exists());
}

#[test]
fn nothing_shows_a_private_key() {
    let authority = Authority::new();
    let pem = authority.read("stepscale-license.key");
    let secret = pem.lines().nth(1).unwrap();
    let file = "stepscale-license.key";
    let issue = [
        "--customer=a",
        "--plan=trial",
        "--days=1",
        "--out=trial.json",
    ];
    let cases: [(&[&str], i32); 4] = [
        (
            &[&["license", "issue", "--private-key", file], &issue[..]].concat(),
            0,
        ),
        (
            &[
                "license",
                "verify",
                "--license=license.json",
                "--license-public-key",
                file,
            ],
            5,
        ),
        (
            &[
                "license",
                "verify",
                "--license",
                file,
                "--license-signature",
                file,
            ],
            5,
        ),
        (
            &[
                "license",
                "verify-artifact",
                "license.json",
                "--public-key",
                file,
            ],
            2,
        ),
    ];
    for (arguments, code) in cases {
        let mut command = authority.0.stepscale(arguments);
        command
            .current_dir(authority.0.home())
            .arg("-vv")
            .env("RUST_LOG", "trace");
        let said = Said::by(&mut command);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.stderr);
        let shown = said.stdout + &said.stderr;
        assert!(!shown.contains(secret), "{shown}");
    }
    // Given in place of a file, it is refused as a public key, and not repeated.
    let inline = authority.run(&[
        "license",
        "verify-artifact",
        "license.json",
        "--public-key",
        &pem,
    ]);
    assert_eq!(inline.code, Some(2));
    assert!(!inline.stderr.contains(secret), "{}", inline.stderr);
    assert!(inline.stderr.contains("private key"), "{}", inline.stderr);
    let mut open = fs::metadata(authority.0.path(file)).unwrap().permissions();
    open.set_mode(0o644);
    fs::set_permissions(authority.0.path(file), open).unwrap();
    let said = authority.succeeds(&[
        "license",
        "sign-artifact",
        "other.pub",
        "--private-key",
        file,
    ]);
    assert!(said.stderr.contains("chmod 600"), "{}", said.stderr);
}

#[test]
fn artifacts_are_signed_and_checked() {
    let authority = Authority::new();
    authority.write("release.tar.gz", "a release");
    let sign = [
        "license",
        "sign-artifact",
        "release.tar.gz",
        "--private-key",
    ];
    authority.succeeds(&[&sign[..], &["stepscale-license.key"]].concat());
    let check = [
        "license",
        "verify-artifact",
        "release.tar.gz",
        "--public-key",
    ];
    let ours = [&check[..], &["stepscale-license.pub"]].concat();
    let id = authority.key_id("release.tar.gz.sig");
    let said = authority.succeeds(&ours);
    let key = authority.read("stepscale-license.pub");
    authority.succeeds(&[&check[..], &[&key]].concat());
    assert_eq!(
        said.stdout,
        format!("release.tar.gz is as key {id} signed it\n")
    );
    let other = authority.run(&[&check[..], &["other.pub"]].concat());
    assert_eq!(other.code, Some(5), "{}", other.stderr);
    assert!(
        other.stderr.contains("signed by another key"),
        "{}",
        other.stderr
    );
    authority.write("release.tar.gz", "a release!");
    let changed = authority.run(&ours);
    assert_eq!(changed.code, Some(5), "{}", changed.stderr);
    let expected = format!("release.tar.gz: changed since it was signed by key {id}");
    assert!(changed.stderr.contains(&expected), "{}", changed.stderr);
}

#[test]
fn a_license_is_not_signed_as_an_artifact() {
    let authority = Authority::new();
    let said = authority.run(&[
        "license",
        "sign-artifact",
        "license.json",
        "--private-key=other.key",
        "--signature=new.sig",
    ]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(!authority.0.path("new.sig").exists());
}

#[test]
fn what_makes_no_license_is_refused() {
    let authority = Authority::new();
    let issue = |more: &str| {
        let all =
            format!("license issue --private-key other.key --plan team --out new.json {more}");
        authority.run(&all.split_whitespace().collect::<Vec<_>>())
    };
    for more in [
        "--customer a",
        "--customer a --days 0",
        "--customer a --days 1 --expires 2099-01-01",
        "--customer a --expires 2001-01-01",
        "--customer a --days 1 --max-clusters 0",
        "--customer a --days 1 --context other",
    ] {
        let said = issue(more);
        assert_eq!(said.code, Some(2), "{more}: {}", said.stderr);
        assert!(!authority.0.path("new.json").exists());
    }
    assert_eq!(issue("--customer a --days 1").code, Some(0));
}
