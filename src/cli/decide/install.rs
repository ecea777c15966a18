//! What `install` and `uninstall` are to do.

use super::{Origin, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::install::{InstallArgs, UninstallArgs};
use crate::config::act::DryRun;
use crate::config::install::{Delivery, InstallConfig, UninstallConfig, What};
use crate::error::Error;
use crate::install::{INTERVAL_SECONDS, Mode, NAMESPACE, Plan, REPLICAS, Reach, Shape};

pub(in crate::cli) fn install(
    global: &GlobalArgs,
    args: &InstallArgs,
    origin: &Origin<'_>,
) -> Result<InstallConfig, Error> {
    let what = match args.crd_only {
        true => What::Definition,
        false => What::Watch(plan(global, args)?),
    };
    Ok(InstallConfig {
        connection: connection(&global.connection, origin)?,
        audit: super::audit::settings(&args.audit, origin)?,
        what,
        delivery: delivery(args),
    })
}

/// The kind alone is applied without being told to: it changes nothing but what kubectl lists.
fn delivery(args: &InstallArgs) -> Delivery {
    let force = args.force_conflicts;
    match args.dry_run.unwrap_or_default() {
        DryRun::Client => Delivery::Print,
        DryRun::Server => Delivery::Apply {
            dry_run: true,
            force,
        },
        DryRun::None if args.apply || args.crd_only => Delivery::Apply {
            dry_run: false,
            force,
        },
        DryRun::None => Delivery::Print,
    }
}

fn plan(global: &GlobalArgs, args: &InstallArgs) -> Result<Plan, Error> {
    let reach = match args.namespace_scoped {
        true => Reach::Namespace,
        false => Reach::Cluster,
    };
    if reach == Reach::Namespace && global.namespace.is_none() {
        return Err(Error::Usage {
            message: "--namespace-scoped needs the namespace to watch".to_owned(),
            hint: Some("pass -n NAMESPACE too: everything goes into it".to_owned()),
        });
    }
    let plan = Plan {
        namespace: namespace(global),
        reach,
        mode: args.mode.unwrap_or_default(),
        shape: shape(args),
        image: args.image.clone().unwrap_or_else(default_image),
        interval_seconds: args.interval.unwrap_or(INTERVAL_SECONDS),
        prometheus_url: args.prometheus_url.clone(),
        service_monitor: args.service_monitor,
    };
    if matches!((plan.shape, plan.mode), (Shape::Job(_), Mode::Apply)) {
        return Err(Error::Usage {
            message: "--job only analyzes: it ends before a probation could".to_owned(),
            hint: Some("leave --mode out, or --job".to_owned()),
        });
    }
    Ok(plan)
}

fn shape(args: &InstallArgs) -> Shape {
    match (args.shards, args.job) {
        (Some(count), true) => Shape::Job(count),
        (Some(count), false) => Shape::Shards(count),
        (None, _) => Shape::Replicas(args.replicas.unwrap_or(REPLICAS)),
    }
}

fn namespace(global: &GlobalArgs) -> String {
    let given = global.namespace.clone();
    given.unwrap_or_else(|| NAMESPACE.to_owned())
}

/// What `docker build -t` is told in the documentation: of this version, from no registry.
fn default_image() -> String {
    format!("{}:{}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

pub(in crate::cli) fn uninstall(
    global: &GlobalArgs,
    args: &UninstallArgs,
    origin: &Origin<'_>,
) -> Result<UninstallConfig, Error> {
    Ok(UninstallConfig {
        connection: connection(&global.connection, origin)?,
        audit: super::audit::settings(&args.audit, origin)?,
        namespace: namespace(global),
        purge: args.purge,
        force: args.force,
        dry_run: args.dry_run.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;

    fn decided(line: &str) -> Result<InstallConfig, Error> {
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let words = std::iter::once("x").chain(line.split_whitespace());
        let matches = command.try_get_matches_from(words).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Install(args) = cli.command else {
            panic!("{line} is not install");
        };
        let typed = matches.subcommand().unwrap().1;
        let file = File::default();
        install(&cli.global, &args, &Origin::new(&file, typed))
    }

    #[test]
    fn it_is_printed_unless_it_is_to_be_applied() {
        let apply = |dry_run, force| Delivery::Apply { dry_run, force };
        let cases = [
            ("install", Delivery::Print),
            ("install --dry-run", Delivery::Print),
            ("install --apply --dry-run=client", Delivery::Print),
            ("install --apply", apply(false, false)),
            ("install --apply --force-conflicts", apply(false, true)),
            ("install --dry-run=server", apply(true, false)),
            ("install --crd-only", apply(false, false)),
            ("install --crd-only --dry-run", Delivery::Print),
            ("install --crd-only --dry-run=server", apply(true, false)),
        ];
        for (line, expected) in cases {
            assert_eq!(decided(line).unwrap().delivery, expected, "{line}");
        }
    }

    #[test]
    fn what_is_typed_is_planned() {
        let plan = |line: &str| match decided(line).unwrap().what {
            What::Watch(plan) => plan,
            What::Definition => panic!("{line} has no plan"),
        };
        let default = plan("install");
        let expected = Plan {
            namespace: NAMESPACE.to_owned(),
            reach: Reach::Cluster,
            mode: Mode::AnalysisOnly,
            shape: Shape::Replicas(2),
            image: default_image(),
            interval_seconds: 300,
            prometheus_url: None,
            service_monitor: false,
        };
        assert_eq!(default, expected);
        let given = plan(
            "install -n shop --namespace-scoped --mode apply --shards 4 --interval 60 --image a:1 \
             --prometheus-url http://prometheus:9090/ --service-monitor",
        );
        let expected = Plan {
            namespace: "shop".to_owned(),
            reach: Reach::Namespace,
            mode: Mode::Apply,
            shape: Shape::Shards(4),
            image: "a:1".to_owned(),
            interval_seconds: 60,
            prometheus_url: Some("http://prometheus:9090".to_owned()),
            service_monitor: true,
        };
        assert_eq!(given, expected);
        assert_eq!(plan("install --shards 20 --job").shape, Shape::Job(20));
        assert_eq!(plan("install --replicas 3").shape, Shape::Replicas(3));
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for line in [
            "install --namespace-scoped",
            "install --shards 2 --job --mode apply",
        ] {
            assert!(matches!(decided(line), Err(Error::Usage { .. })), "{line}");
        }
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        for line in [
            "x install --job",
            "x install --shards 2 --replicas 2",
            "x install --shards 2 --job --interval 60",
            "x install --crd-only --mode apply",
            "x install --crd-only --prometheus-url http://a",
            "x uninstall --force",
        ] {
            let refused = command.clone().try_get_matches_from(line.split(' '));
            assert!(refused.is_err(), "{line}");
        }
    }
}
