//! What `watch` is to do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::settings::{self, Settings};
use super::{Origin, act, connection};
use crate::cli::args::watch::WatchArgs;
use crate::cli::args::{GlobalArgs, time_limit};
use crate::cluster::{Namespaces, Scope};
use crate::config::act::Records;
use crate::config::values;
use crate::config::watch::{End, Goal, Lease, WatchConfig};
use crate::config::{Config, Input, Question, Report};
use crate::error::Error;
use crate::install::Mode;
use crate::leader::LEASE_NAME;

/// From one tick to the next.
const INTERVAL: Duration = Duration::from_secs(300);

/// What one request to the API server may take, watches aside, where nobody has said: half of what an
/// API server allows itself (`--request-timeout`). Without one, an answer that is lost on its way
/// would be waited for until the time of a pass is over.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

pub(in crate::cli) fn watch(
    global: &GlobalArgs,
    args: &WatchArgs,
    origin: &Origin<'_>,
) -> Result<WatchConfig, Error> {
    let settings = settings::settings(&args.settings, origin)?;
    let records = records(global, args, &settings, origin)?;
    let question = Question {
        input: Input::Cluster {
            connection: records.connection.clone(),
            metrics: settings.metrics.clone(),
        },
        scope: Scope {
            namespaces: records.namespaces.clone(),
            selector: args.selector.clone(),
            names: vec![],
        },
        window: settings.window,
        now: None,
        shard: args.shard,
    };
    let interval = args.interval.unwrap_or(INTERVAL);
    let analysis_budget = args.analysis_budget_seconds.unwrap_or(interval);
    Ok(WatchConfig {
        analysis: Config {
            analysis: settings.analysis,
            // Whom it waits for in vain takes no more than a part of the time from the analysis.
            opencost: settings.opencost.map(|it| it.within(analysis_budget / 4)),
            // By rules alone is without a model, whatever else is configured.
            llm: settings
                .llm
                .filter(|_| args.mode != Some(Mode::RulesOnly))
                .map(|it| it.within(analysis_budget / 4)),
            report: Report {
                fail_on: origin.or(
                    args.fail_on,
                    "analysis.failOn",
                    |it| values::FAIL_ON.parse(it),
                    Report::default().fail_on,
                )?,
                ..Report::default()
            },
            save: true,
            audit: records.audit.clone(),
            question,
        },
        metrics: settings.metrics,
        probation: settings.probation,
        limits: settings.limits,
        license: settings.license,
        mode: args.mode.unwrap_or_default(),
        interval,
        analysis_budget,
        end: end(args, &records)?,
        lease: lease(args),
        listen: listen(args),
        form: args.form.unwrap_or_default(),
        webhook: settings.webhook,
        records,
    })
}

fn records(
    global: &GlobalArgs,
    args: &WatchArgs,
    settings: &Settings,
    origin: &Origin<'_>,
) -> Result<Records, Error> {
    let mut connection = connection(&global.connection, origin)?;
    if !is_limited(global, origin)? {
        connection.request_timeout = Some(REQUEST_TIMEOUT);
    }
    Ok(Records {
        connection,
        namespaces: namespaces(global, args, origin),
        names: act::names(&args.names)?,
        audit: settings.audit.clone(),
    })
}

/// What is typed goes before what the environment says.
fn namespaces(global: &GlobalArgs, args: &WatchArgs, origin: &Origin<'_>) -> Namespaces {
    let is_typed = origin.is_typed("watch_namespaces");
    match (&global.namespace, &args.watch_namespaces) {
        (_, Some(namespaces)) if is_typed => namespaces.clone(),
        _ if args.all_namespaces => Namespaces::All,
        (Some(namespace), _) => Namespaces::One(namespace.clone()),
        (None, Some(namespaces)) => namespaces.clone(),
        (None, None) => Namespaces::Current,
    }
}

/// Whether somebody has said how long a request may take, be it as long as it takes.
fn is_limited(global: &GlobalArgs, origin: &Origin<'_>) -> Result<bool, Error> {
    let typed = global.connection.request_timeout;
    let limit = origin.or_file(typed, "cluster.requestTimeout", time_limit)?;
    Ok(limit.is_some())
}

fn end(args: &WatchArgs, records: &Records) -> Result<End, Error> {
    let refused = |message: &str, hint: &str| {
        Err(Error::Usage {
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
        })
    };
    match (args.goal, records.names.is_empty()) {
        (Some(Goal::Verified), true) => {
            return refused(
                "--for=verified needs the names of the recommendations that are waited for",
                "name them: `watch --for=verified rec/web`",
            );
        }
        (Some(Goal::NonePending | Goal::NoFindings) | None, false) => {
            return refused(
                "names are those of recommendations that --for=verified waits for",
                "pass -l to watch some autoscalers only",
            );
        }
        (Some(Goal::Verified), false) | (Some(_) | None, true) => {}
    }
    if args.goal == Some(Goal::Verified) && args.mode != Some(Mode::Apply) {
        return refused(
            "--for=verified waits for changes that are judged with --mode apply alone",
            "pass --mode apply",
        );
    }
    Ok(End {
        ticks: match args.once {
            true => Some(1),
            false => args.max_ticks.map(u64::from),
        },
        goal: args.goal,
        timeout: args.timeout.and_then(|it| it.0),
    })
}

fn lease(args: &WatchArgs) -> Option<Lease> {
    let named = args.lease_namespace.is_some() && !args.once;
    let lease = Lease {
        namespace: args.lease_namespace.clone(),
        name: args
            .lease_name
            .clone()
            .unwrap_or_else(|| LEASE_NAME.to_owned()),
    };
    args.enable_leader_election
        .unwrap_or(named)
        .then_some(lease)
}

fn listen(args: &WatchArgs) -> Option<SocketAddr> {
    let all = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let port = args.health_port.map(|it| SocketAddr::new(all, it));
    args.listen.or(port)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;

    fn decided(line: &str) -> Result<WatchConfig, Error> {
        let matches = crate::cli::command(OsStr::new("x"))
            .try_get_matches_from(line.split_whitespace())
            .unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Watch(args) = cli.command else {
            panic!("not watch");
        };
        let file = File::default();
        let typed = matches.subcommand().unwrap().1;
        watch(&cli.global, &args, &Origin::new(&file, typed))
    }

    #[test]
    fn alone_it_needs_no_lease_and_in_a_cluster_it_has_one() {
        assert_eq!(decided("x watch").unwrap().lease, None);
        let lease = decided("x watch --lease-namespace ops")
            .unwrap()
            .lease
            .unwrap();
        assert_eq!(
            (lease.namespace.as_deref(), &*lease.name),
            (Some("ops"), LEASE_NAME)
        );
        let off = decided("x watch --lease-namespace ops --enable-leader-election=false");
        assert_eq!(off.unwrap().lease, None);
        let on = decided("x watch --enable-leader-election --lease-name a");
        assert_eq!(on.unwrap().lease.unwrap().name, "a");
    }

    #[test]
    fn what_is_watched_is_what_is_typed_and_else_what_the_environment_says() {
        let scope = |line: &str| decided(line).unwrap().records.namespaces;
        let one = |name: &str| Namespaces::One(name.to_owned());
        assert_eq!(scope("x watch"), Namespaces::Current);
        assert_eq!(scope("x watch --watch-namespaces shop"), one("shop"));
        assert_eq!(scope("x watch --watch-namespaces="), Namespaces::All);
        let several = Namespaces::Several(["a", "b"].map(str::to_owned).into());
        assert_eq!(scope("x watch --watch-namespaces b,a"), several);
    }

    #[test]
    fn requests_of_a_watch_have_a_limit_unless_none_is_wanted() {
        let limit = |line: &str| decided(line).unwrap().records.connection.request_timeout;
        assert_eq!(limit("x watch"), Some(REQUEST_TIMEOUT));
        assert_eq!(limit("x watch --request-timeout=0"), None);
        let typed = limit("x watch --request-timeout=2m");
        assert_eq!(typed, Some(Duration::from_secs(120)));
    }

    #[test]
    fn an_analysis_may_take_an_interval_or_what_is_said() {
        let budget = |line: &str| decided(line).unwrap().analysis_budget.as_secs();
        assert_eq!(budget("x watch"), 300);
        assert_eq!(budget("x watch --interval 60"), 60);
        assert_eq!(
            budget("x watch --interval 60 --analysis-budget-seconds 90"),
            90
        );
    }

    #[test]
    fn second_opinions_have_a_part_of_the_budget_and_none_is_asked_for_by_rules_alone() {
        let line = "x watch --llm-provider ollama --llm-model a --interval 100";
        let llm = |line: &str| decided(line).unwrap().analysis.llm;
        let limit = llm(line).unwrap().options.budget.time;
        assert_eq!(limit, Duration::from_secs(25));
        assert_eq!(llm(&format!("{line} --mode rules-only")), None);
        assert_eq!(llm("x watch"), None);
    }

    #[test]
    fn an_opencost_is_waited_for_within_a_part_of_the_budget() {
        let timeout = |line: &str| {
            let line = format!("x watch --opencost-url http://o {line}");
            decided(&line).unwrap().analysis.opencost.unwrap().timeout
        };
        assert_eq!(timeout(""), Duration::from_secs(60));
        assert_eq!(timeout("--interval 60"), Duration::from_secs(15));
        let line = "--interval 60 --analysis-budget-seconds 20";
        assert_eq!(timeout(line), Duration::from_secs(5));
    }

    #[test]
    fn a_goal_has_what_it_needs() {
        for line in [
            "x watch --for=verified --mode apply",
            "x watch --for=verified web",
            "x watch --for=no-findings web",
            "x watch web",
        ] {
            let refused = decided(line);
            assert!(matches!(refused, Err(Error::Usage { .. })), "{line}");
        }
        let end = decided("x watch --for=verified web --mode apply --timeout 2h")
            .unwrap()
            .end;
        assert_eq!(end.goal, Some(Goal::Verified));
        assert_eq!(end.timeout, Some(Duration::from_secs(7200)));
        assert_eq!(decided("x watch --once").unwrap().end.ticks, Some(1));
    }
}
