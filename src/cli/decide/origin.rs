//! Where a value comes from: the command line, the environment, the configuration file, or a default.

use clap::ArgMatches;

use crate::cli::conflicts;
use crate::config::Format;
use crate::config::file::File;
use crate::config::form::Form;
use crate::error::Error;

/// The flag, or each of the flags, that says the same as a key of the configuration file.
pub const FLAG_OF_KEY: [(&str, &str); 69] = [
    ("prometheus.url", "prometheus-url"),
    ("prometheus.bearerTokenFile", "prometheus-bearer-token-file"),
    ("prometheus.basicAuthFile", "prometheus-basic-auth-file"),
    (
        "prometheus.clientCertificate",
        "prometheus-client-certificate",
    ),
    ("prometheus.clientKey", "prometheus-client-key"),
    ("prometheus.caFile", "prometheus-ca-file"),
    ("prometheus.insecure", "prometheus-insecure"),
    ("prometheus.headers", "prometheus-header"),
    ("prometheus.read", "prometheus-read"),
    ("prometheus.compression", "prometheus-compression"),
    ("prometheus.concurrency", "prometheus-concurrency"),
    ("prometheus.timeout", "prometheus-timeout"),
    ("prometheus.enabled", "no-prometheus"),
    ("metrics.windowDays", "metrics-window-days"),
    ("metrics.stepSeconds", "metrics-step-seconds"),
    ("metrics.promql.cpu", "promql-cpu"),
    ("metrics.promql.replicas", "promql-replicas"),
    ("analysis.minHistoryDays", "min-history-days"),
    ("analysis.headroom", "headroom"),
    ("analysis.minEffect", "min-effect"),
    ("analysis.shortfallBudget", "shortfall-budget"),
    ("analysis.course", "only-raise"),
    ("analysis.course", "only-lower"),
    ("analysis.allowSingle", "allow-single"),
    ("analysis.holdout", "holdout"),
    ("analysis.failOn", "fail-on"),
    ("forecasting.enabled", "enable-forecasting"),
    ("forecasting.minHistoryDays", "forecast-min-history-days"),
    ("forecasting.binMinutes", "forecast-bin-minutes"),
    ("forecasting.quantile", "forecast-quantile"),
    ("forecasting.periodicityThreshold", "periodicity-threshold"),
    ("forecasting.prescaleLeadMinutes", "prescale-lead-minutes"),
    ("forecasting.timeZone", "time-zone"),
    ("prices.cpuHour", "cpu-hour-price"),
    ("prices.memoryGibHour", "memory-gib-hour-price"),
    ("prices.file", "prices"),
    ("prices.opencostUrl", "opencost-url"),
    ("safety.probationWindowMinutes", "probation-window-minutes"),
    ("safety.probationMax", "probation-max"),
    ("safety.rollbackEnabled", "rollback-enabled"),
    ("safety.healthCpuMargin", "health-cpu-margin"),
    ("safety.slos", "slo"),
    ("safety.maxInProbation", "max-in-probation"),
    ("safety.stopOnRevert", "stop-on-revert"),
    ("license.file", "license"),
    ("license.signature", "license-signature"),
    ("license.secret", "license-secret"),
    ("license.publicKey", "license-public-key"),
    ("license.graceDays", "license-grace-days"),
    ("cluster.requestTimeout", "request-timeout"),
    ("audit.logFile", "audit-log"),
    ("webhook.url", "webhook-url"),
    ("webhook.urlFile", "webhook-url-file"),
    ("webhook.form", "webhook-form"),
    ("webhook.keyFile", "webhook-key-file"),
    ("webhook.source", "webhook-source"),
    ("webhook.redact", "webhook-redact"),
    ("webhook.caFile", "webhook-ca-file"),
    ("webhook.timeout", "webhook-timeout"),
    ("llm.provider", "llm-provider"),
    ("llm.model", "llm-model"),
    ("llm.baseUrl", "llm-base-url"),
    ("llm.timeoutSeconds", "llm-timeout-seconds"),
    ("llm.concurrency", "llm-concurrency"),
    ("llm.budgetRequests", "llm-budget-requests"),
    ("llm.budgetSeconds", "llm-budget-seconds"),
    ("llm.redactNames", "redact-names"),
    ("output.format", "output"),
    ("output.color", "color"),
];

/// Where values may come from besides the parsed flags.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Origin<'a> {
    pub(super) file: &'a File,
    pub(super) matches: &'a ArgMatches,
}

impl<'a> Origin<'a> {
    pub(in crate::cli) fn new(file: &'a File, matches: &'a ArgMatches) -> Self {
        Self { file, matches }
    }

    /// Whether the flag stands on the command line, as opposed to in the environment.
    pub(super) fn is_typed(&self, id: &str) -> bool {
        conflicts::is_typed(self.matches, id)
    }

    /// `given`, or what the file says of `key`.
    pub(super) fn or_file<T>(
        &self,
        given: Option<T>,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        // A bad value is reported even where a flag overrides it today.
        let in_file = self.file.get(key, parse)?;
        Ok(given.or(in_file))
    }

    /// `given`, or what the file says of `key`, or `default`.
    pub(super) fn or<T>(
        &self,
        given: Option<T>,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
        default: T,
    ) -> Result<T, Error> {
        Ok(self.or_file(given, key, parse)?.unwrap_or(default))
    }

    /// The form that the file asks for, if it is one that every report has; what only an analysis
    /// can be is nothing to others.
    pub(super) fn format_in_file(&self) -> Result<Option<Format>, Error> {
        let form = self.or_file(None, "output.format", Form::parse)?;
        Ok(form.and_then(|it| match it {
            Form::Format(format) => Some(format),
            Form::Document(_) | Form::Exchange(_) | Form::Selected(_) => None,
        }))
    }
}
