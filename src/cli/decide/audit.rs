//! How what is done is recorded.

use super::Origin;
use crate::audit::settings::Lifetime;
use crate::audit::{self, Output, Settings};
use crate::cli::args::AuditArgs;
use crate::config::form::Form;
use crate::config::values::{self, LOG_FORMATS};
use crate::error::Error;

pub(super) fn settings(args: &AuditArgs, origin: &Origin<'_>) -> Result<Settings, Error> {
    let default = Settings::default();
    let file = origin.file;
    let format = file.get("audit.logFormat", |it| LOG_FORMATS.parse(it))?;
    let output = |it: &str| Ok(Output::of(it.into()));
    let typed = args.audit_log.clone().map(Output::of);
    let lasts = |key| Ok::<_, Error>(file.get(key, values::kept)?.unwrap_or_default());
    let settings = Settings {
        log_format: format.unwrap_or(default.log_format),
        log_file: origin.or(typed, "audit.logFile", output, default.log_file)?,
        policy: file.structure("audit.policy")?.unwrap_or(default.policy),
        lifetime: Lifetime {
            max_age: lasts("audit.lifetime.maxAge")?,
            max_backup: lasts("audit.lifetime.maxBackup")?,
            max_size: lasts("audit.lifetime.maxSize")?,
        },
    };
    settings.check()?;
    Ok(settings)
}

/// Refuses a log on standard output where machines read a report there.
pub(super) fn refuse_mixing(settings: &Settings, form: &Form) -> Result<(), Error> {
    if form.is_for_people() || settings.log_file != audit::Output::Stdout {
        return Ok(());
    }
    Err(Error::Usage {
        message: "the audit log and the report would be mixed on standard output".to_owned(),
        hint: Some("pass --audit-log FILE, or --no-save to write nothing".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::tests::decided;
    use super::*;
    use crate::audit::policy::{Level, Policy};

    fn settings(line: &str, file: &str) -> Result<Settings, Error> {
        decided(line, file).map(|it| it.audit)
    }

    #[test]
    fn the_file_says_how_and_the_flag_says_where() {
        let file = "audit:\n  logFormat: legacy\n  logFile: /var/log/a.log\n  \
                    policy: {rules: [{level: Metadata}]}\n  \
                    lifetime: {maxAge: \"90\", maxBackup: 3, maxSize: 20}\n";
        let expected = Settings {
            log_format: audit::Format::Legacy,
            log_file: Output::File(PathBuf::from("/var/log/a.log")),
            policy: Policy::of(Level::Metadata),
            lifetime: Lifetime {
                max_age: 90,
                max_backup: 3,
                max_size: 20,
            },
        };
        assert_eq!(settings("x analyze", file).unwrap(), expected);
        let typed = settings("x analyze --audit-log b.log", file).unwrap();
        assert_eq!(typed.log_file, Output::File(PathBuf::from("b.log")));
        assert_eq!(typed.policy, expected.policy);
        assert_eq!(settings("x analyze", "").unwrap(), Settings::default());
        let off = settings("x analyze", "audit: {policy: {}}\n").unwrap();
        assert_eq!(off.policy, Policy::default());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (line, file) in [
            (
                "x analyze --audit-log -",
                "audit: {lifetime: {maxAge: 1}}\n",
            ),
            ("x analyze", "audit: {lifetime: {maxAge: soon}}\n"),
            ("x analyze", "audit: {logFormat: xml}\n"),
            ("x analyze", "audit: {policy: {rules: [{}]}}\n"),
            ("x analyze", "audit: {logFiles: a}\n"),
            ("x analyze -o json --audit-log -", ""),
            ("x analyze -o yaml", "audit: {logFile: '-'}\n"),
        ] {
            let refused = settings(line, file).unwrap_err();
            assert_eq!(refused.exit().code(), 2, "{line}: {file}");
        }
        for line in [
            "x analyze --audit-log -",
            "x analyze -o json --no-save --audit-log -",
        ] {
            assert_eq!(settings(line, "").unwrap().log_file, Output::Stdout);
        }
    }
}
