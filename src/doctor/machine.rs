//! What is on this machine: the license, the state directory, the audit log.

use super::{Check, Fault, Judge, Purpose, Told};
use crate::license::State;

/// A renewal takes days to buy.
const LICENSE_WARNING: i64 = 14;

const DECIDES: &[Purpose] = &[Purpose::Apply];

/// What a license allows, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    pub state: State,
    /// `license.json`, `none named`.
    pub source: String,
}

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// `None` without a home directory.
    pub path: Option<String>,
    /// Why nothing can be written there.
    pub problem: Option<String>,
}

/// Where it is recorded what is decided and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditLog {
    /// The policy keeps nothing.
    Off,
    Stdout,
    File(Folder),
}

impl Judge<'_> {
    pub(super) fn license(&self, told: &Told<License>) -> Check {
        let check = Check::new("license");
        let Told::Known(License { state, source }) = told else {
            return self.unknown(check, told, DECIDES);
        };
        let check = check.seen(format!("{state} ({source})"));
        match state {
            State::Licensed(license) => {
                let left = license.expires_at.duration_since(self.now).as_hours() / 24;
                let seen = format!("{}, {left} days left", check.seen);
                let check = check.seen(seen);
                match left < LICENSE_WARNING {
                    true => check.warning("renew it"),
                    false => check,
                }
            }
            State::Grace { .. } => check.warning("renew it: it has expired"),
            State::Unlicensed(_) => {
                let advice = "`kubectl stepscale license show` tells what is missing; only `apply` \
                              needs a license";
                self.failed(
                    check.advised(Some(advice.to_owned())),
                    Fault::Refused,
                    DECIDES,
                )
            }
        }
    }

    pub(super) fn folder(&self, folder: &Folder) -> Check {
        let advice = "set XDG_STATE_HOME to a folder that can be written";
        self.writable(Check::new("state-directory"), folder, advice)
    }

    pub(super) fn audit(&self, log: &AuditLog) -> Check {
        let check = Check::new("audit-log");
        match log {
            AuditLog::Off => check.skipped("off: its policy has no rules"),
            AuditLog::Stdout => check.seen("standard output"),
            AuditLog::File(folder) => {
                let advice = "pass --audit-log FILE: what cannot be recorded is not done";
                self.writable(check, folder, advice)
            }
        }
    }

    fn writable(&self, check: Check, folder: &Folder, advice: &str) -> Check {
        let path = folder.path.as_deref().unwrap_or("no home directory");
        match (&folder.path, &folder.problem) {
            (Some(path), None) => check.seen(format!("{path} can be written")),
            (_, problem) => {
                let why = problem
                    .as_ref()
                    .map(|it| format!(": {it}"))
                    .unwrap_or_default();
                let check = check
                    .seen(format!("{path}{why}"))
                    .advised(Some(advice.to_owned()));
                self.failed(check, Fault::Unusable, &Purpose::ALL)
            }
        }
    }
}
