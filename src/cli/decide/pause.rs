//! What `pause` and `resume` are to do.

use super::{Origin, audit, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::act::AuditArgs;
use crate::cli::args::pause::{PauseArgs, ResumeArgs};
use crate::cluster::Namespaces;
use crate::conduct::pause::Wish;
use crate::config::pause::{PauseConfig, Place, REACTION, ResumeConfig};
use crate::config::values::is_object_name;
use crate::error::Error;
use crate::lifecycle::pause::{Kind, Way};

pub(in crate::cli) fn pause(
    global: &GlobalArgs,
    args: &PauseArgs,
    origin: &Origin<'_>,
) -> Result<PauseConfig, Error> {
    let place = place(global, args.all_namespaces, &args.audit, origin)?;
    if args.list {
        return Ok(PauseConfig::List(place));
    }
    let reason = args.reason.clone().unwrap_or_default();
    Ok(PauseConfig::Pause {
        place,
        names: names(&args.names)?,
        wish: Wish {
            way: way(args),
            length: args.length,
            forced: args.force.then(|| reason.clone()),
        },
        reason,
        timeout: args.timeout.unwrap_or(REACTION),
    })
}

pub(in crate::cli) fn resume(
    global: &GlobalArgs,
    args: &ResumeArgs,
    origin: &Origin<'_>,
) -> Result<ResumeConfig, Error> {
    Ok(ResumeConfig {
        place: place(global, false, &args.audit, origin)?,
        names: names(&args.names)?,
        reason: args.reason.clone().unwrap_or_default(),
        timeout: args.timeout.unwrap_or(REACTION),
    })
}

fn place(
    global: &GlobalArgs,
    all_namespaces: bool,
    args: &AuditArgs,
    origin: &Origin<'_>,
) -> Result<Place, Error> {
    let namespaces = match (&global.namespace, all_namespaces) {
        (_, true) => Namespaces::All,
        (Some(namespace), false) => Namespaces::One(namespace.clone()),
        (None, false) => Namespaces::Current,
    };
    Ok(Place {
        connection: connection(&global.connection, origin)?,
        namespaces,
        audit: audit::settings(args, origin)?,
    })
}

/// At most one of these can be typed.
fn way(args: &PauseArgs) -> Way {
    match (args.replicas, args.scale_in, args.scale_out) {
        (Some(replicas), _, _) => Way::At(replicas),
        (None, true, _) => Way::ScaleIn,
        (None, false, true) => Way::ScaleOut,
        (None, false, false) => Way::Whole,
    }
}

fn names(arguments: &[String]) -> Result<Vec<(Kind, String)>, Error> {
    arguments.iter().map(|it| name(it)).collect()
}

/// What `so/orders` names. A bare name could be that of a ScaledObject and of its HPA.
fn name(argument: &str) -> Result<(Kind, String), Error> {
    let usage = |message: String| Error::Usage {
        message,
        hint: Some("name an autoscaler with its kind: so/orders, sj/reports or hpa/web".to_owned()),
    };
    let Some((kind, name)) = argument.split_once('/') else {
        return Err(usage(format!("`{argument}` has no kind")));
    };
    let kind = kind
        .parse()
        .map_err(|()| usage(format!("unknown kind `{kind}` in `{argument}`")))?;
    match is_object_name(name) {
        true => Ok((kind, name.to_owned())),
        false => Err(usage(format!(
            "`{argument}` cannot be the name of an autoscaler"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_autoscaler_is_named_with_its_kind() {
        for (argument, kind) in [
            ("so/orders", Kind::ScaledObject),
            ("scaledjobs.keda.sh/orders", Kind::ScaledJob),
            ("HPA/orders", Kind::HorizontalPodAutoscaler),
        ] {
            assert_eq!(name(argument).unwrap(), (kind, "orders".to_owned()));
        }
        for argument in ["orders", "deploy/orders", "so/", "so/Orders", "so/a/b", ""] {
            assert!(name(argument).is_err(), "{argument}");
        }
    }
}
