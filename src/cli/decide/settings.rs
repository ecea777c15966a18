//! The settings of a `watch`, each decided.

use super::{Origin, analysis, audit, license, llm, probation, prometheus, webhook};
use crate::analysis::AnalysisSettings;
use crate::cli::args::settings::SettingArgs;
use crate::config::act::Probation;
use crate::config::license::License;
use crate::config::llm::Llm;
use crate::config::webhook::Webhook;
use crate::config::{Metrics, Window, values};
use crate::error::Error;
use crate::lifecycle::guard::Limits;
use crate::opencost;

/// What flags, environment and configuration file come to.
pub(super) struct Settings {
    pub(super) window: Window,
    pub(super) analysis: AnalysisSettings,
    pub(super) opencost: Option<opencost::Options>,
    pub(super) probation: Probation,
    pub(super) limits: Limits,
    pub(super) license: License,
    pub(super) audit: crate::audit::Settings,
    pub(super) webhook: Option<Webhook>,
    pub(super) llm: Option<Llm>,
    pub(super) metrics: Metrics,
}

/// # Errors
/// Where any of them has a value that it cannot have.
pub(super) fn settings(args: &SettingArgs, origin: &Origin<'_>) -> Result<Settings, Error> {
    let probation = probation::probation(&args.probation, &args.prometheus, origin)?;
    let window = Window {
        days: origin.or(
            args.window_days,
            "metrics.windowDays",
            values::window_days,
            Window::default().days,
        )?,
        step: probation.step,
    };
    Ok(Settings {
        analysis: analysis::settings(&args.analysis, window, origin)?,
        opencost: analysis::opencost(&args.analysis.prices, origin)?,
        limits: probation::limits(&args.limits, None, origin)?,
        license: license::license_of(&args.license, origin)?,
        audit: audit::settings(&args.audit, origin)?,
        webhook: webhook::webhook(&args.webhook, origin)?,
        llm: llm::llm(&args.llm, origin)?,
        metrics: prometheus::metrics(&args.prometheus, origin)?,
        probation,
        window,
    })
}
