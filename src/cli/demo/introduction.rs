//! What `demo` says first: where the cluster is, and what to try on it.

use std::io::{self, Write};

use crate::autoscaler::AutoscalerId;

/// Writes how to reach the cluster, with what to export, and five commands; about `autoscaler`
/// where one is needed.
pub(super) fn write(
    out: &mut dyn Write,
    url: &str,
    exports: &[String],
    autoscaler: Option<&AutoscalerId>,
) -> io::Result<()> {
    writeln!(
        out,
        "A Kubernetes cluster in memory, at {url}. In another terminal:\n"
    )?;
    for export in exports {
        writeln!(out, "  export {export}")?;
    }
    for (what, commands) in groups(autoscaler) {
        writeln!(out, "  # {what}")?;
        for command in commands {
            writeln!(out, "  {command}")?;
        }
    }
    writeln!(out)
}

/// A word as a POSIX shell reads it back, in quotes where it needs any.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "_-./:@%+=,".contains(it);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

fn groups(autoscaler: Option<&AutoscalerId>) -> Vec<(&'static str, Vec<String>)> {
    let owned = |commands: &[&str]| commands.iter().map(|&it| it.to_owned()).collect();
    let mut groups = vec![
        (
            "every autoscaler, and how they scale",
            owned(&["kubectl get hpa -A", "kubectl get hpa -A -w"]),
        ),
        (
            "what to change, and why",
            owned(&["kubectl stepscale analyze -A -o wide"]),
        ),
    ];
    if let Some(AutoscalerId {
        namespace, name, ..
    }) = autoscaler
    {
        let simulate = format!("kubectl stepscale simulate hpa/{name} -n {namespace} --compare");
        groups.push(("one of them, and its past replayed", vec![simulate]));
    }
    groups.push((
        "put changes in force; `kubectl get scalerec -A` shows them",
        owned(&["kubectl stepscale apply -A"]),
    ));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::AutoscalerKind;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(quoted("/tmp/demo-1/kubeconfig"), "/tmp/demo-1/kubeconfig");
        for word in [
            "/tmp/a b",
            "it's",
            "$HOME `id` \"x\" \\ *",
            "~;&|",
            "a\nb",
            "ä",
        ] {
            let script = format!("IT={}; printf %s \"$IT\"", quoted(word));
            let mut shell = std::process::Command::new("/bin/sh");
            let said = shell.args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word, "{script}");
        }
    }

    #[test]
    fn five_commands_follow_what_to_export() {
        let id = AutoscalerId {
            kind: AutoscalerKind::HorizontalPodAutoscaler,
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        };
        let mut out = Vec::new();
        let exports = ["KUBECONFIG=/tmp/k".to_owned()];
        write(&mut out, "https://127.0.0.1:6443", &exports, Some(&id)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let commands = text.lines().filter(|it| it.starts_with("  kubectl "));
        assert_eq!(commands.count(), 5, "{text}");
        assert!(text.contains("\n  export KUBECONFIG=/tmp/k\n"), "{text}");
        assert!(text.contains("simulate hpa/web -n shop"), "{text}");
        assert!(text.lines().all(|it| it.len() <= 80), "{text}");
    }
}
