//! What may be typed after `install` and `uninstall`.

use clap::Args;

use super::act::AuditArgs;
use super::words;
use crate::config::act::{DRY_RUNS, DryRun};
use crate::config::install::{MODES, image, interval, replicas, shards};
use crate::config::values;
use crate::install::Mode;

const SAFETY: &str = "Safety";
const WATCH: &str = "Watch";
const ACCESS: &str = "Access";

/// What only a workload has, so that it means nothing with the kind alone.
const OF_THE_WORKLOAD: [&str; 9] = [
    "mode",
    "image",
    "replicas",
    "shards",
    "job",
    "interval",
    "url-for-watch",
    "namespace_scoped",
    "service_monitor",
];

/// Put `watch` into a cluster
///
/// Prints everything that it takes as YAML, for kubectl or for Git: the kind ScalingRecommendation, an
/// account with no more rights than it needs, each with its reason, and the pods. With --apply it is
/// applied here, and recommendations in this user's files are moved into the cluster. Everything goes
/// into the namespace of --namespace, by default stepscale-system, which is made.
///
/// With --crd-only, nothing but the kind is applied, so that recommendations are objects which
/// everybody sees (`kubectl get scalerec`), and those of this user's files are moved there.
#[derive(Args, Debug)]
pub(crate) struct InstallArgs {
    /// Only the CustomResourceDefinition of recommendations; applies it
    #[arg(long, conflicts_with_all = OF_THE_WORKLOAD)]
    pub(crate) crd_only: bool,
    /// Apply it, and take away what of an earlier installation is of no more use
    #[arg(long)]
    pub(crate) apply: bool,
    /// Only print it (`client`), or let the API server check it (`server`) [default: none]
    #[arg(long, value_name = "WHERE", value_parser = words(&DRY_RUNS), num_args = 0..=1,
        require_equals = true, default_missing_value = "client", help_heading = SAFETY)]
    pub(crate) dry_run: Option<DryRun>,
    /// Take fields from other managers, such as kubectl, that have set them to something else
    #[arg(long, help_heading = SAFETY)]
    pub(crate) force_conflicts: bool,
    /// What `watch` does: analysis-only, rules-only, or apply what is approved [default: analysis-only]
    #[arg(long, value_name = "MODE", value_parser = words(&MODES), help_heading = WATCH)]
    pub(crate) mode: Option<Mode>,
    /// Seconds between two ticks, 10 to 86400 [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = interval, help_heading = WATCH)]
    pub(crate) interval: Option<u32>,
    /// Prometheus, as pods reach it; otherwise one is looked for, with rights on all services
    #[arg(long = "prometheus-url", id = "url-for-watch", value_name = "URL", value_parser = values::url,
        help_heading = WATCH)]
    pub(crate) prometheus_url: Option<String>,
    /// Container image, as the Dockerfile makes it [default: kubectl-stepscale with the tag of this version]
    #[arg(long, value_name = "IMAGE", value_parser = image, help_heading = WATCH)]
    pub(crate) image: Option<String>,
    /// Pods that see everything, of which one writes, 1 to 10 [default: 2]
    #[arg(long, value_name = "COUNT", value_parser = replicas, conflicts_with = "shards",
        help_heading = WATCH)]
    pub(crate) replicas: Option<u32>,
    /// Pods that each have a part of the fleet, 1 to 256, in place of replicas
    #[arg(long, value_name = "COUNT", value_parser = shards, help_heading = WATCH)]
    pub(crate) shards: Option<u32>,
    /// One analysis of a huge fleet as a Job of shards, in place of `watch`
    #[arg(long, requires = "shards", conflicts_with_all = ["interval", "service_monitor"],
        help_heading = WATCH)]
    pub(crate) job: bool,
    /// Watch only the namespace of --namespace, with rights in it alone
    #[arg(long, help_heading = ACCESS)]
    pub(crate) namespace_scoped: bool,
    /// A ServiceMonitor too, for the Prometheus operator
    #[arg(long, help_heading = WATCH)]
    pub(crate) service_monitor: bool,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
}

/// Take `watch` out of a cluster again
///
/// Takes away what `install` made in the namespace of --namespace, by default stepscale-system. What it
/// has changed on autoscalers stays: they are listed, each with the command that takes it back. So do
/// recommendations and the license, unless --purge is given.
#[derive(Args, Debug)]
pub(crate) struct UninstallArgs {
    /// Delete all recommendations with their kind, the license, and the namespace stepscale-system too
    #[arg(long, help_heading = SAFETY)]
    pub(crate) purge: bool,
    /// Purge although changes of ours are in force; they can still be reverted, one by one
    #[arg(long, requires = "purge", help_heading = SAFETY)]
    pub(crate) force: bool,
    /// Only tell what would be deleted; `server` lets the API server check it [default: none]
    #[arg(long, value_name = "WHERE", value_parser = words(&DRY_RUNS), num_args = 0..=1,
        require_equals = true, default_missing_value = "client", help_heading = SAFETY)]
    pub(crate) dry_run: Option<DryRun>,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
}
