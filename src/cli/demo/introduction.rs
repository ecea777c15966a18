//! What `demo` says first: where the cluster is, and what to try on it.

use std::io::{self, Write};

use crate::autoscaler::AutoscalerId;

/// Writes how to reach the cluster, with what to export, and five commands, about `autoscaler` where one is needed.
pub(super) fn write(
    out: &mut dyn Write,
    url: &str,
    settings: &str,
    autoscaler: Option<&AutoscalerId>,
) -> io::Result<()> {
    writeln!(
        out,
        "A Kubernetes cluster in memory, at {url}. In another terminal:\n"
    )?;
    writeln!(out, "  export {settings}")?;
    let commands = commands(autoscaler);
    let widest = commands.iter().map(|it| it.0.len()).max().unwrap_or(0);
    for (command, what) in commands {
        writeln!(out, "  {command:widest$}  # {what}")?;
    }
    writeln!(out)
}

fn commands(autoscaler: Option<&AutoscalerId>) -> Vec<(String, &'static str)> {
    let about_one = autoscaler.map(
        |AutoscalerId {
             namespace, name, ..
         }| {
            [
                (
                    format!("kubectl describe hpa {name} -n {namespace}"),
                    "its conditions and events",
                ),
                (
                    format!("kubectl stepscale simulate hpa/{name} -n {namespace} --compare"),
                    "the past replayed",
                ),
            ]
        },
    );
    let about_all = [
        ("kubectl get hpa -A", "every autoscaler"),
        ("kubectl get hpa -A -w", "as they scale"),
        (
            "kubectl stepscale analyze -A -o wide",
            "what to change, and why",
        ),
    ];
    let about_all = about_all.map(|(command, what)| (command.to_owned(), what));
    about_all
        .into_iter()
        .chain(about_one.into_iter().flatten())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::AutoscalerKind;

    #[test]
    fn five_commands_follow_the_kubeconfig() {
        let id = AutoscalerId {
            kind: AutoscalerKind::HorizontalPodAutoscaler,
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        };
        let mut out = Vec::new();
        write(
            &mut out,
            "https://127.0.0.1:6443",
            "KUBECONFIG=/tmp/k",
            Some(&id),
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().filter(|it| it.starts_with("  ")).collect();
        assert_eq!(lines[0], "  export KUBECONFIG=/tmp/k");
        assert_eq!(lines.len(), 6, "{text}");
        assert!(lines.iter().all(|it| it.len() <= 100), "{text}");
        assert!(text.contains("simulate hpa/web -n shop"), "{text}");
    }
}
