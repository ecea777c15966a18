//! Bundles that others have unpacked and packed again, with tools of theirs, and those that come on
//! standard input.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::planted::Planted;
use super::planted_cluster;
use crate::rig::program::{Said, User};
use crate::rig::say;

/// Shell lines that pack `$FILES`, the folder with the bundle's folder, to `$OUT`.
const BY_TAR: [(&str, &str); 8] = [
    ("pax", "tar --format=pax -C $FILES -cf - . | gzip -9 > $OUT"),
    ("gnu", "tar --format=gnu -C $FILES -cf - . | gzip -1 > $OUT"),
    ("ustar", "tar --format=ustar -C $FILES -czf $OUT ."),
    (
        "a long way down",
        "tar --format=pax --transform s,^,$(printf 'd%.0s' $(seq 200))/, -C $FILES -czf $OUT .",
    ),
    (
        "from within its folder",
        "tar -C $FILES/stepscale-gather-* -czf $OUT .",
    ),
    (
        "not packed, as browsers leave it",
        "tar -C $FILES -cf $OUT .",
    ),
    (
        "in two members of gzip",
        "tar -C $FILES -cf $OUT.tar . && \
         { head -c 5000 $OUT.tar | gzip; tail -c +5001 $OUT.tar | gzip; } > $OUT",
    ),
    (
        "with what macOS adds",
        "cp -r $FILES $FILES.mac && cd $FILES.mac && for it in $(find . -type f); do \
         printf 'Mac OS X \\000\\001' > $(dirname $it)/._$(basename $it); done && tar -czf $OUT .",
    ),
];

/// As above, by Python's module, whose form stands in `FORM`.
const BY_PYTHON: &str = "
import io, os, tarfile
form = getattr(tarfile, os.environ['FORM'] + '_FORMAT')
def tell(it):
    if form == tarfile.PAX_FORMAT:
        it.pax_headers = {'SCHILY.xattr.user.note': '1\\n20 path=nowhere/y\\n', 'mtime': '1.5'}
    return it
with tarfile.open(os.environ['OUT'], 'w:gz', format=form) as out:
    out.add(os.environ['FILES'], arcname='.', filter=tell)
";

/// A bundle, and the folder that it is unpacked to.
fn bundle(user: &User) -> (String, String) {
    let mut planted = Planted::everywhere();
    // Its path has no room in a header.
    let name = "l".repeat(90);
    planted.objects.push(json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ClusterTriggerAuthentication",
        "metadata": {"name": name},
        "spec": {"secretTargetRef": [{"parameter": "password", "name": "db", "key": "p"}]},
    }));
    let server = planted_cluster(&planted);
    let path = user.path("bundle.tar.gz").display().to_string();
    let arguments = ["gather", "-A", "-o", &path, "--no-prometheus"];
    let said = user.run(&server.kubeconfig(), &arguments);
    let files = user.path("files");
    fs::create_dir(&files).unwrap();
    let mut unpack = Command::new("tar");
    let said_tar = Said::by(unpack.args(["-xzf", &path, "-C"]).arg(&files));
    assert_eq!(
        said_tar.code,
        Some(0),
        "{} {}",
        said.stderr,
        said_tar.stderr
    );
    (path, files.display().to_string())
}

/// What is made of a bundle: the lint's answer with all that it looked at, and the analysis without
/// what names its source.
fn made_of(user: &User, from: &str, stdin: Option<&Path>) -> (Value, Value) {
    let run = |arguments: &[&str]| {
        let mut command = user.stepscale(arguments);
        if let Some(path) = stdin {
            command.stdin(Stdio::from(fs::File::open(path).unwrap()));
        }
        Said::by(&mut command)
    };
    let lint = run(&["lint", "--from", from, "-o", "json", "--fail-on", "none"]);
    let analysis = run(&["analyze", "--from", from, "-o", "json"]);
    let read = |said: &Said| -> Value {
        let parsed = serde_json::from_str(&said.stdout);
        parsed.unwrap_or_else(|err| panic!("{from}: {err}: {}", said.stderr))
    };
    (read(&lint), super::judgments(&analysis.stdout))
}

fn pack(user: &User, shell: &[&str], form: &str, files: &str, name: &str) -> String {
    let out = user.path(name).display().to_string();
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]);
    command
        .env("FILES", files)
        .env("OUT", &out)
        .env("FORM", form);
    let said = Said::by(&mut command);
    assert_eq!(said.code, Some(0), "{shell:?}: {}", said.stderr);
    out
}

#[test]
fn whoever_packs_a_bundle_again_it_says_the_same() {
    let user = User::new();
    let (path, files) = bundle(&user);
    let expected = made_of(&user, &path, None);
    let text = expected.0.to_string() + &expected.1.to_string();
    for part in ["lllll", "\"web\"", "clustertriggerauthentication"] {
        assert!(text.to_lowercase().contains(part), "{part}: {text}");
    }
    for (at, (what, line)) in BY_TAR.into_iter().enumerate() {
        let out = pack(&user, &["sh", "-ec", line], "", &files, &format!("tar{at}"));
        assert_eq!(made_of(&user, &out, None), expected, "{what}");
    }
    if Command::new("python3").arg("-V").output().is_err() {
        return say("there is no python3: what its tarfile packs was not read");
    }
    for form in ["PAX", "GNU", "USTAR"] {
        let out = pack(&user, &["python3", "-c", BY_PYTHON], form, &files, form);
        assert_eq!(made_of(&user, &out, None), expected, "{form}");
    }
}

#[test]
fn a_bundle_comes_on_standard_input_too() {
    let user = User::new();
    let (path, _) = bundle(&user);
    let expected = made_of(&user, &path, None);
    assert_eq!(made_of(&user, "-", Some(Path::new(&path))), expected);
    let mut nothing = user.stepscale(&["lint", "--from", "-"]);
    let said = Said::by(nothing.stdin(Stdio::null()));
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let expected = "<stdin> is no support bundle: it is no archive";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
}
