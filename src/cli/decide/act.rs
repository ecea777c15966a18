//! What the subcommands that decide on recommendations and carry them out are to do.

use super::view::view;
use super::{Origin, connection, probation};
use crate::autoscaler::AutoscalerKind;
use crate::cli::args::GlobalArgs;
use crate::cli::args::act::{
    ApplyArgs, ApproveArgs, RecordsArgs, RejectArgs, RevertArgs, StatusArgs,
};
use crate::cluster::{NameArgument, Namespaces};
use crate::config::act::{
    ApplyConfig, DecideConfig, Deed, DryRun, Floors, ForGit, GitForm, InFiles, Printed, Records,
    StatusConfig, Waiting,
};
use crate::config::values::is_object_name;
use crate::cronjobs;
use crate::error::Error;
use crate::output;
use crate::output::patch::PatchType;

pub(in crate::cli) fn approve(
    global: &GlobalArgs,
    args: &ApproveArgs,
    origin: &Origin<'_>,
) -> Result<DecideConfig, Error> {
    deed(Deed::Approve, global, &args.records, &None, origin)
}

pub(in crate::cli) fn reject(
    global: &GlobalArgs,
    args: &RejectArgs,
    origin: &Origin<'_>,
) -> Result<DecideConfig, Error> {
    deed(Deed::Reject, global, &args.records, &args.reason, origin)
}

pub(in crate::cli) fn revert(
    global: &GlobalArgs,
    args: &RevertArgs,
    origin: &Origin<'_>,
) -> Result<DecideConfig, Error> {
    deed(Deed::Revert, global, &args.records, &args.reason, origin)
}

/// A decision is on what is named: one on all that there are is made by mistake.
fn deed(
    what: Deed,
    global: &GlobalArgs,
    args: &RecordsArgs,
    reason: &Option<String>,
    origin: &Origin<'_>,
) -> Result<DecideConfig, Error> {
    if args.names.is_empty() {
        return Err(Error::Usage {
            message: "expected the name of at least one recommendation".to_owned(),
            hint: Some("`kubectl stepscale status` lists them".to_owned()),
        });
    }
    Ok(DecideConfig {
        records: records(global, args, origin)?,
        what,
        reason: reason.clone().unwrap_or_default(),
    })
}

pub(in crate::cli) fn apply(
    global: &GlobalArgs,
    args: &ApplyArgs,
    origin: &Origin<'_>,
) -> Result<ApplyConfig, Error> {
    let reason = args.reason.clone().unwrap_or_default();
    Ok(ApplyConfig {
        for_git: for_git(args)?,
        files: in_files(args)?,
        records: records(global, &args.records, origin)?,
        yes: args.yes,
        dry_run: args.dry_run.unwrap_or_default(),
        limits: probation::limits(&args.limits, args.force.then(|| reason.clone()), origin)?,
        license: super::license::license_of(&args.license, origin)?,
        probation: probation::probation(&args.probation, &args.prometheus, origin)?,
        waiting: waiting(args)?,
        reason,
    })
}

/// What to print instead, if anything.
fn for_git(args: &ApplyArgs) -> Result<Option<ForGit>, Error> {
    let what = match (args.for_git, args.patch_type) {
        (Some(GitForm::Patch), patch_type) => {
            Printed::Patch(patch_type.unwrap_or(PatchType::Merge))
        }
        (Some(GitForm::Manifest), None) => Printed::Manifest,
        (None, None) => return Ok(None),
        (Some(GitForm::Manifest) | None, Some(_)) => {
            return Err(Error::Usage {
                message: "--patch-type says how to print a patch, and none is printed".to_owned(),
                hint: Some("pass -o patch with it".to_owned()),
            });
        }
    };
    if args.job_image.is_some() && what != Printed::Manifest {
        return Err(Error::Usage {
            message: "--job-image is of CronJobs, and no patch has any".to_owned(),
            hint: Some("pass -o manifest with it".to_owned()),
        });
    }
    let image = args.job_image.clone();
    Ok(Some(ForGit {
        what,
        job_image: image.unwrap_or_else(|| cronjobs::IMAGE.to_owned()),
        floors: match args.predictive {
            true => Floors::Past,
            false => Floors::Windows,
        },
    }))
}

/// The manifests to change, if any.
fn in_files(args: &ApplyArgs) -> Result<Option<InFiles>, Error> {
    if args.files.is_empty() {
        return Ok(None);
    }
    if args.dry_run == Some(DryRun::Server) {
        return Err(Error::Usage {
            message: "--dry-run=server has no API server to ask about files".to_owned(),
            hint: Some("pass --dry-run=client to see what would change in them".to_owned()),
        });
    }
    if args.in_place && args.files.iter().any(|it| it.as_os_str() == "-") {
        return Err(Error::Usage {
            message: "standard input cannot be changed in place".to_owned(),
            hint: Some("leave --in-place out to print the result".to_owned()),
        });
    }
    Ok(Some(InFiles {
        paths: args.files.clone(),
        in_place: args.in_place,
    }))
}

/// Only what is applied can prove itself.
fn waiting(args: &ApplyArgs) -> Result<Waiting, Error> {
    let is_applied = args.dry_run.unwrap_or_default() == DryRun::None
        && args.for_git.is_none()
        && args.files.is_empty();
    match probation::waiting(&args.waiting) {
        Waiting::Until { .. } if !is_applied => Err(Error::Usage {
            message: "--wait has nothing to wait for where nothing is applied".to_owned(),
            hint: Some("leave it out".to_owned()),
        }),
        waiting => Ok(waiting),
    }
}

pub(in crate::cli) fn status(
    global: &GlobalArgs,
    args: &StatusArgs,
    origin: &Origin<'_>,
) -> Result<StatusConfig, Error> {
    let form = args.form.clone().unwrap_or_default();
    let columns = form.columns(output::records::columns_of);
    let columns = columns.filter(|_| !args.history);
    Ok(StatusConfig {
        records: records(global, &args.records, origin)?,
        history: args.history,
        view: view(&args.view, columns, form.has_headers())?,
        form,
    })
}

pub(super) fn records(
    global: &GlobalArgs,
    args: &RecordsArgs,
    origin: &Origin<'_>,
) -> Result<Records, Error> {
    let namespaces = match (&global.namespace, args.all_namespaces) {
        (_, true) => Namespaces::All,
        (Some(namespace), false) => Namespaces::One(namespace.clone()),
        (None, false) => Namespaces::Current,
    };
    if let (Namespaces::All, Some(name)) = (&namespaces, args.names.first()) {
        return Err(Error::Usage {
            message: format!("`{name}` cannot be looked up in all namespaces"),
            hint: Some("pass -n NAMESPACE in place of -A".to_owned()),
        });
    }
    Ok(Records {
        connection: connection(&global.connection, origin)?,
        audit: super::audit::settings(&args.audit, origin)?,
        namespaces,
        names: names(&args.names)?,
    })
}

/// Those that were typed.
pub(super) fn names(arguments: &[String]) -> Result<Vec<NameArgument>, Error> {
    arguments.iter().map(|it| name(it)).collect()
}

/// What `web`, `rec/web` or `hpa/web` names: a recommendation by itself or by its autoscaler.
fn name(argument: &str) -> Result<NameArgument, Error> {
    let (kind, name) = argument.rsplit_once('/').unwrap_or(("rec", argument));
    let is_record = matches!(
        kind.to_ascii_lowercase().as_str(),
        "rec" | "scalerec" | "scalingrecommendation" | "scalingrecommendations"
    );
    let kind = match (is_record, kind.parse::<AutoscalerKind>()) {
        (true, _) => None,
        (false, Ok(kind)) => Some(kind),
        (false, Err(())) => {
            return Err(Error::Usage {
                message: format!("unknown kind `{kind}` in `{argument}`"),
                hint: Some("name a recommendation, such as rec/web".to_owned()),
            });
        }
    };
    if !is_object_name(name) {
        return Err(Error::Usage {
            message: format!("`{argument}` cannot be the name of a recommendation"),
            hint: Some("expected lower-case letters, digits, `-` and `.`".to_owned()),
        });
    }
    Ok(NameArgument {
        kind,
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recommendation_is_named_by_itself_or_by_its_autoscaler() {
        let hpa = Some(AutoscalerKind::HorizontalPodAutoscaler);
        for (argument, kind) in [
            ("web", None),
            ("rec/web", None),
            ("scalerec/web", None),
            ("hpa/web", hpa),
            ("HPA/web", hpa),
        ] {
            let name = name(argument).unwrap();
            assert_eq!((name.kind, &*name.name), (kind, "web"), "{argument}");
        }
        for argument in ["pod/web", "rec/", "Web", "a/b/c", ""] {
            assert!(name(argument).is_err(), "{argument}");
        }
    }
}
