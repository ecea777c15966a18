//! What to do where the cluster cannot be asked.

use super::Exit;
use crate::cluster::{Entry, Error, TlsProblem, Unreachable};
use crate::fleet::Permission;
use crate::near::nearest;

pub(super) fn hint(err: &Error) -> Option<String> {
    Some(match err {
        Error::NoKubeconfig { .. } => {
            "pass --kubeconfig FILE; `analyze` also takes a snapshot, --from FILE".to_owned()
        }
        Error::ReadKubeconfig { .. } => {
            "check the path, and the file with `kubectl config view`".to_owned()
        }
        Error::NoCurrentContext { .. } => {
            "pass --context NAME, or choose one with `kubectl config use-context NAME`".to_owned()
        }
        Error::NotInKubeconfig {
            entry,
            name,
            existing,
        } => match nearest(name, existing.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? {}", not_in_kubeconfig(*entry)),
            None => not_in_kubeconfig(*entry),
        },
        Error::UnusableKubeconfig { context, .. } => {
            format!("check the context with `kubectl --context {context} version`")
        }
        Error::GroupsWithoutUser => "pass --as USER too".to_owned(),
        Error::Plugin {
            command,
            install_hint,
            ..
        } => match install_hint {
            Some(how) => how.clone(),
            None => format!("run `{command}` by hand: kubectl needs it for this context too"),
        },
        Error::Credentials { .. } | Error::Unauthorized { .. } => {
            "log in again; `kubectl auth whoami` tells whether it worked".to_owned()
        }
        Error::Unreachable { source, .. } => unreachable_hint(source),
        Error::Tls { source, .. } => tls_hint(source),
        Error::Forbidden { permission, .. } => permission_hint(permission),
        Error::NotFound { .. } => {
            "`kubectl get hpa -A` lists what there is; -n NAMESPACE looks elsewhere".to_owned()
        }
        Error::BadSelector { .. } => "write selectors as -l app=web,tier!=cache".to_owned(),
        Error::NotServed { api, .. } => {
            format!("`kubectl api-versions` lists what the cluster serves; {api} is needed")
        }
        Error::Api { code, .. } => api_hint(*code)?,
        Error::Malformed { .. } => {
            "something between here and the API server changes its answers; look for a proxy"
                .to_owned()
        }
    })
}

pub(super) fn exit(err: &Error) -> Exit {
    match err {
        Error::NoKubeconfig { .. }
        | Error::ReadKubeconfig { .. }
        | Error::NoCurrentContext { .. }
        | Error::NotInKubeconfig { .. }
        | Error::UnusableKubeconfig { .. }
        | Error::GroupsWithoutUser
        | Error::BadSelector { .. } => Exit::Usage,
        Error::NotFound { .. } => Exit::ObjectNotFound,
        Error::Plugin { .. }
        | Error::Credentials { .. }
        | Error::Unreachable { .. }
        | Error::Tls { .. }
        | Error::Unauthorized { .. }
        | Error::Forbidden { .. }
        | Error::NotServed { .. }
        | Error::Api { .. }
        | Error::Malformed { .. } => Exit::Unreachable,
    }
}

fn not_in_kubeconfig(entry: Entry) -> String {
    match entry {
        Entry::Context => "`kubectl config get-contexts` lists the contexts; pass --context NAME",
        Entry::Cluster => "`kubectl config get-clusters` lists the clusters; pass --cluster NAME",
        Entry::User => "`kubectl config get-users` lists the users; pass --user NAME",
    }
    .to_owned()
}

/// What to ask an administrator for.
pub(super) fn permission_hint(permission: &Permission) -> String {
    let binding = match permission.namespace {
        Some(_) => "rolebinding",
        None => "clusterrolebinding",
    };
    format!(
        "ask for `{}` and a {binding} of it to you; `{}` checks it",
        permission.grant_command(),
        permission.check_command()
    )
}

fn unreachable_hint(why: &Unreachable) -> String {
    match why {
        Unreachable::Refused | Unreachable::Other(_) => {
            "check that the cluster runs and the context is right: `kubectl cluster-info`"
        }
        Unreachable::NoAnswer { .. } => "pass a longer --request-timeout, or narrow it with -n",
        Unreachable::ConnectTimedOut => "check the VPN or the firewall: `kubectl cluster-info`",
    }
    .to_owned()
}

fn tls_hint(why: &TlsProblem) -> String {
    match why {
        TlsProblem::UnknownAuthority => {
            "set certificate-authority of the cluster in the kubeconfig"
        }
        TlsProblem::Expired => "renew the API server's certificate, or check this machine's clock",
        TlsProblem::OtherName => {
            "set tls-server-name of the cluster in the kubeconfig to a name in the certificate"
        }
        TlsProblem::NoRoots(_) => {
            "install the package ca-certificates, or set certificate-authority in the kubeconfig"
        }
        TlsProblem::Other(_) => "check the server's address in the kubeconfig",
    }
    .to_owned()
}

fn api_hint(code: u16) -> Option<String> {
    match code {
        429 | 500.. => {
            Some("try again in a moment; `kubectl get --raw /readyz` tells more".to_owned())
        }
        _ => None,
    }
}
