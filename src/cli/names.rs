//! Objects named on the command line, the ways that kubectl takes them.

use crate::autoscaler::AutoscalerKind;
use crate::cluster::NameArgument;
use crate::config::values::is_object_name;
use crate::error::Error;
use crate::near::nearest;

/// Reads `web`, `hpa/web`, several of them, `hpa web api`, and `hpa` for all of that kind.
///
/// # Errors
/// If a kind is unknown or a name cannot be one.
pub(super) fn parse(arguments: &[String]) -> Result<Vec<NameArgument>, Error> {
    let Some((first, others)) = arguments.split_first() else {
        return Ok(Vec::new());
    };
    let kind: Result<AutoscalerKind, ()> = first.parse();
    let plain = others.iter().all(|it| !it.contains('/'));
    match kind {
        // As in kubectl, a kind without a name means all; an autoscaler of that name is `hpa/hpa`.
        Ok(kind) if plain => others.iter().map(|it| named(Some(kind), it, it)).collect(),
        Ok(_) => Err(mixed(first)),
        Err(()) => arguments.iter().map(|it| single(it)).collect(),
    }
}

fn single(argument: &str) -> Result<NameArgument, Error> {
    match argument.split_once('/') {
        None => named(None, argument, argument),
        Some((kind, name)) => match kind.parse() {
            Ok(kind) => named(Some(kind), name, argument),
            Err(()) => Err(unknown(kind, name, argument)),
        },
    }
}

/// Kinds that are scaled and scale nothing, as kubectl spells them.
const TARGETS: [&str; 12] = [
    "deploy",
    "deployment",
    "deployments",
    "sts",
    "statefulset",
    "statefulsets",
    "rs",
    "replicaset",
    "replicasets",
    "rollout",
    "rollouts",
    "pod",
];

/// Spellings that somebody may have missed by a letter.
const KINDS: [&str; 7] = [
    "hpa",
    "horizontalpodautoscaler",
    "horizontalpodautoscalers",
    "scaledobject",
    "scaledobjects",
    "scaledjob",
    "scaledjobs",
];

fn unknown(kind: &str, name: &str, argument: &str) -> Error {
    let lower = kind.to_ascii_lowercase();
    let plain = lower.split('.').next().unwrap_or_default();
    if TARGETS.contains(&plain) {
        return Error::Usage {
            message: format!(
                "unknown kind `{kind}` in `{argument}`: it is scaled, and scales nothing"
            ),
            hint: Some(format!(
                "name the autoscaler that scales it, often hpa/{name}: `kubectl get hpa,scaledobjects` \
                 lists whose targets are whose"
            )),
        };
    }
    Error::Usage {
        message: format!("unknown kind `{kind}` in `{argument}`"),
        hint: Some(match nearest(plain, KINDS) {
            Some(near) => format!("did you mean `{near}/{name}`?"),
            None => "name an autoscaler, such as hpa/web, not its target".to_owned(),
        }),
    }
}

fn named(kind: Option<AutoscalerKind>, name: &str, argument: &str) -> Result<NameArgument, Error> {
    if is_object_name(name) {
        Ok(NameArgument {
            kind,
            name: name.to_owned(),
        })
    } else {
        Err(Error::Usage {
            message: format!("`{argument}` cannot be the name of an autoscaler"),
            hint: Some("expected lower-case letters, digits, `-` and `.`".to_owned()),
        })
    }
}

fn mixed(kind: &str) -> Error {
    Error::Usage {
        message: "there is no need to name a kind if each argument has its own".to_owned(),
        hint: Some(format!("type `{kind} web api` or `{kind}/web {kind}/api`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Vec<NameArgument>, Error> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    #[test]
    fn names_are_taken_in_all_of_kubectls_ways() {
        let hpa = Some(AutoscalerKind::HorizontalPodAutoscaler);
        let cases = [
            ("", vec![]),
            ("hpa", vec![]),
            ("web", vec![(None, "web")]),
            ("hpa/web", vec![(hpa, "web")]),
            ("hpa/hpa api", vec![(hpa, "hpa"), (None, "api")]),
            ("hpa web api", vec![(hpa, "web"), (hpa, "api")]),
            (
                "horizontalpodautoscalers.autoscaling/web",
                vec![(hpa, "web")],
            ),
        ];
        for (line, expected) in cases {
            let expected: Vec<NameArgument> = expected
                .into_iter()
                .map(|(kind, name)| NameArgument {
                    kind,
                    name: name.to_owned(),
                })
                .collect();
            assert_eq!(parsed(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (line, part) in [
            ("deploy/web", "`deploy`"),
            ("hpa/", "`hpa/`"),
            ("Web", "`Web`"),
            ("hpa/a/b", "`hpa/a/b`"),
            ("hpa hpa/web", "kind"),
        ] {
            let refused = parsed(line).unwrap_err().to_string();
            assert!(refused.contains(part), "{line}: {refused}");
        }
    }

    #[test]
    fn what_was_probably_meant_is_told() {
        for (line, part) in [
            ("hpas/web", "did you mean `hpa/web`?"),
            ("scaledobjct/web", "did you mean `scaledobject/web`?"),
            ("deployment/web", "often hpa/web"),
            ("deployments.apps/web", "often hpa/web"),
            ("secret/web", "not its target"),
        ] {
            let hint = parsed(line).unwrap_err().hint().unwrap();
            assert!(hint.contains(part), "{line}: {hint}");
        }
    }
}
