//! What to do where a recommendation cannot be decided on, kept or carried out.

use super::{Exit, cluster};
use crate::audit;
use crate::cluster::write::WriteError;
use crate::conduct::{self, Failure};
use crate::store;

pub(super) fn store_hint(err: &store::Error) -> Option<String> {
    match err {
        store::Error::Conflict { .. } => {
            Some("run the command again: it begins with what is there now".to_owned())
        }
        store::Error::Malformed(_) => Some(
            "correct the object, or delete it and let `kubectl stepscale analyze` make it anew"
                .to_owned(),
        ),
        store::Error::Write { source, .. } => write_hint(source),
        store::Error::Cluster(err) => cluster::hint(err),
        store::Error::Folder { .. } => {
            Some("check the free space and the permissions of the folder".to_owned())
        }
        store::Error::NotJson { path, .. } => {
            Some(format!("delete {} and analyze again", path.display()))
        }
        store::Error::NoHome => Some("set HOME, or XDG_STATE_HOME to a folder for it".to_owned()),
    }
}

pub(super) fn store_exit(err: &store::Error) -> Exit {
    match err {
        store::Error::Conflict { .. } => Exit::Refused,
        store::Error::Write { source, .. } => write_exit(source),
        store::Error::Cluster(err) => cluster::exit(err),
        store::Error::Malformed(_) | store::Error::NotJson { .. } => Exit::Usage,
        store::Error::Folder { .. } | store::Error::NoHome => Exit::Unreachable,
    }
}

pub(super) fn conduct_hint(err: &conduct::Error) -> Option<String> {
    match err {
        conduct::Error::NotNow(err) => Some(err.way_out.clone()),
        conduct::Error::Store(err) => store_hint(err),
        conduct::Error::Cluster(err) => cluster::hint(err),
        conduct::Error::Journal(_) | conduct::Error::Floor(_) => {
            Some("correct or remove the annotation: `kubectl describe` shows it".to_owned())
        }
        conduct::Error::Settings { .. } | conduct::Error::NotUnderstood { .. } => Some(
            "the autoscaler is no longer what was analyzed: `kubectl stepscale analyze` again"
                .to_owned(),
        ),
        conduct::Error::Schedule { .. } => Some("correct spec.schedule, or take it out".to_owned()),
        conduct::Error::Write { source, .. } => write_hint(source),
        conduct::Error::NoTime => {
            Some("ask what stands between here and the API server to pass the header on".to_owned())
        }
        conduct::Error::NotLeader(_) => None,
        conduct::Error::NoRandomness(_) => {
            Some("allow this process getrandom(2) or /dev/urandom".to_owned())
        }
        conduct::Error::Unrecorded { source, .. } => Some(audit_hint(source)),
        conduct::Error::Busy { .. } => Some(
            "find out who writes to it: `kubectl get -w -o yaml --show-managed-fields`".to_owned(),
        ),
    }
}

pub(super) fn conduct_exit(err: &conduct::Error) -> Exit {
    match err {
        conduct::Error::NotNow(_)
        | conduct::Error::Journal(_)
        | conduct::Error::Floor(_)
        | conduct::Error::Settings { .. }
        | conduct::Error::Schedule { .. }
        | conduct::Error::NotUnderstood { .. }
        | conduct::Error::Unrecorded { .. }
        | conduct::Error::Busy { .. } => Exit::Refused,
        conduct::Error::NoTime | conduct::Error::NoRandomness(_) | conduct::Error::NotLeader(_) => {
            Exit::Unreachable
        }
        conduct::Error::Store(err) => store_exit(err),
        conduct::Error::Cluster(err) => cluster::exit(err),
        conduct::Error::Write { source, .. } => write_exit(source),
    }
}

pub(super) fn audit_hint(err: &audit::Error) -> String {
    const ELSEWHERE: &str = "name another file with --audit-log or audit.logFile; a rule of level \
                             None in audit.policy keeps no record";
    match err {
        audit::Error::CreateFolder { .. }
        | audit::Error::Lock { .. }
        | audit::Error::Write { .. } => {
            format!("check the free space and the permissions of its folder, or {ELSEWHERE}")
        }
        audit::Error::Read { .. } => "check its permissions".to_owned(),
        audit::Error::NotAFile { .. } => ELSEWHERE.to_owned(),
        audit::Error::LifetimeOfStream { .. } => {
            "leave audit.lifetime out, or name a file with --audit-log or audit.logFile".to_owned()
        }
        audit::Error::NoHome => {
            format!("set HOME, or XDG_STATE_HOME to a folder for it, or {ELSEWHERE}")
        }
    }
}

pub(super) fn audit_exit(err: &audit::Error) -> Exit {
    match err {
        audit::Error::CreateFolder { .. }
        | audit::Error::Lock { .. }
        | audit::Error::Write { .. }
        | audit::Error::NoHome => Exit::Refused,
        audit::Error::Read { .. }
        | audit::Error::NotAFile { .. }
        | audit::Error::LifetimeOfStream { .. } => Exit::Usage,
    }
}

pub(super) fn failure_hint(err: &Failure) -> Option<String> {
    match err {
        Failure::Empty => Some("reject it, or analyze again".to_owned()),
        Failure::Write(err) => write_hint(err),
    }
}

pub(super) fn failure_exit(err: &Failure) -> Exit {
    match err {
        Failure::Empty => Exit::Refused,
        Failure::Write(err) => write_exit(err),
    }
}

pub(super) fn write_hint(err: &WriteError) -> Option<String> {
    match err {
        WriteError::Conflict { .. } => {
            Some("run the command again: it begins with what is there now".to_owned())
        }
        WriteError::Owned { fields, .. } => Some(format!(
            "leave {} to their manager, or change them there",
            fields.join(", ")
        )),
        WriteError::Unknown(err) => {
            let after = cluster::hint(err).map(|it| format!("; {it}"));
            let again = "run the command again: it finds out, and goes on from there";
            Some(format!("{again}{}", after.unwrap_or_default()))
        }
        WriteError::Refused(err) => cluster::hint(err),
    }
}

pub(super) fn install_hint(err: &WriteError) -> Option<String> {
    match err {
        WriteError::Owned { fields, .. } => Some(format!(
            "somebody else has set {}: pass --force-conflicts to set it anew",
            fields.join(", ")
        )),
        WriteError::Conflict { .. } | WriteError::Unknown(_) | WriteError::Refused(_) => {
            write_hint(err)
        }
    }
}

/// The commands, one a line.
pub(super) fn still_changed_hint(reverts: &[String]) -> String {
    format!(
        "take that back first, or pass --force to leave it so:\n  {}",
        reverts.join("\n  ")
    )
}

pub(super) fn write_exit(err: &WriteError) -> Exit {
    match err {
        WriteError::Conflict { .. } | WriteError::Owned { .. } => Exit::Refused,
        WriteError::Refused(err) if is_answer(err) => Exit::Refused,
        WriteError::Unknown(err) | WriteError::Refused(err) => cluster::exit(err),
    }
}

/// Whether the API server has read the request and said no to it.
fn is_answer(err: &crate::cluster::Error) -> bool {
    use crate::cluster::Error;
    match err {
        Error::Forbidden { .. } => true,
        Error::Api { code, .. } => (400..429).contains(code),
        Error::NoKubeconfig { .. }
        | Error::ReadKubeconfig { .. }
        | Error::NoCurrentContext { .. }
        | Error::NotInKubeconfig { .. }
        | Error::UnusableKubeconfig { .. }
        | Error::GroupsWithoutUser
        | Error::Plugin { .. }
        | Error::Credentials { .. }
        | Error::Unreachable { .. }
        | Error::Tls { .. }
        | Error::Unauthorized { .. }
        | Error::NotFound { .. }
        | Error::BadSelector { .. }
        | Error::NotServed { .. }
        | Error::Malformed { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Endpoint, Error, Unreachable};
    use crate::fleet::Permission;

    fn api(code: u16) -> Box<Error> {
        Box::new(Error::Api {
            operation: "patch".to_owned(),
            code,
            reason: String::new(),
            message: String::new(),
        })
    }

    #[test]
    fn what_the_server_refuses_is_refused_and_what_it_does_not_answer_unreachable() {
        let forbidden = Box::new(Error::Forbidden {
            permission: Permission {
                verb: "patch".to_owned(),
                resource: "pods".to_owned(),
                namespace: None,
            },
            message: String::new(),
        });
        let silent = Box::new(Error::Unreachable {
            endpoint: Endpoint::default(),
            source: Unreachable::Refused,
        });
        let conflict = WriteError::Conflict {
            message: String::new(),
        };
        let cases = [
            (WriteError::Refused(forbidden), Exit::Refused),
            (WriteError::Refused(api(422)), Exit::Refused),
            (WriteError::Refused(api(404)), Exit::Refused),
            (conflict, Exit::Refused),
            (WriteError::Refused(silent), Exit::Unreachable),
            (WriteError::Unknown(api(429)), Exit::Unreachable),
            (WriteError::Unknown(api(503)), Exit::Unreachable),
        ];
        for (error, exit) in cases {
            assert_eq!(write_exit(&error), exit, "{error:?}");
            assert_eq!(failure_exit(&Failure::Write(error)), exit);
        }
        assert_eq!(failure_exit(&Failure::Empty), Exit::Refused);
    }
}
