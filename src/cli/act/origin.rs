//! Who runs this, and from where: for the audit log, and for what recommendations say of who decided.

use std::env;

use crate::audit::{Origin, User};
use crate::cluster::Cluster;
use crate::lifecycle::MANAGER;

/// Where the accounts of a machine are listed, as far as it knows them itself.
#[cfg(unix)]
const ACCOUNTS: &str = "/etc/passwd";

/// The origin of all that this run does on a cluster. `impersonated` is that of `--as`.
pub(super) async fn of(cluster: &Cluster, impersonated: Option<&str>) -> Origin {
    let names = cluster.kubeconfig();
    let account = account(cluster).await;
    let (user, impersonated) = match impersonated {
        // The server only tells of the one that is impersonated.
        Some(name) => {
            let acting = account.unwrap_or_else(|| named(name));
            (known(&names.user), Some(acting))
        }
        None => (account.or_else(|| known(&names.user)), None),
    };
    Origin {
        os_user: os_user(),
        user,
        impersonated,
        host: host(),
        pid: std::process::id(),
        command: env::args_os()
            .map(|it| it.to_string_lossy().into_owned())
            .collect(),
        user_agent: user_agent(),
        cluster: match names.cluster.as_str() {
            "" => cluster.name().name.clone(),
            name => name.to_owned(),
        },
        server: cluster.endpoint().server.clone(),
    }
}

/// What recommendations and journals name as who decided: whom the cluster takes the run for, else
/// the account of the machine.
pub(super) fn name(origin: &Origin) -> String {
    let account = origin.impersonated.as_ref().or(origin.user.as_ref());
    account.map_or_else(|| origin.os_user.clone(), |it| it.username.clone())
}

/// Whom the cluster takes us for. Servers before 1.28 cannot tell, and others may not want to.
async fn account(cluster: &Cluster) -> Option<User> {
    match cluster.account(MANAGER).await {
        Ok(account) => account.map(|it| User {
            username: it.name,
            groups: it.groups,
        }),
        Err(error) => {
            tracing::debug!(%error, "the API server does not say whom it takes us for");
            None
        }
    }
}

fn known(name: &str) -> Option<User> {
    (!name.is_empty()).then(|| named(name))
}

fn named(name: &str) -> User {
    User {
        username: name.to_owned(),
        groups: Vec::new(),
    }
}

fn user_agent() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "kubectl-stepscale/{version} ({}/{})",
        env::consts::OS,
        env::consts::ARCH
    )
}

/// What the environment says, which anybody may set.
fn claimed() -> Option<String> {
    let mut named = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|it| env::var(it).ok());
    named.find(|it| !it.is_empty())
}

/// The name of the account by its number; where the machine does not list it, as with a directory
/// service, what the environment says, with the number.
#[cfg(unix)]
fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let accounts = std::fs::read_to_string(ACCOUNTS).unwrap_or_default();
    account_name(&accounts, uid).unwrap_or_else(|| match claimed() {
        Some(name) => format!("{name} (uid {uid})"),
        None => format!("uid {uid}"),
    })
}

#[cfg(not(unix))]
fn os_user() -> String {
    claimed().unwrap_or_else(|| "unknown".to_owned())
}

/// The name that a file of the form of `passwd(5)` has for a number.
#[cfg(unix)]
fn account_name(accounts: &str, uid: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        let is_it = !name.is_empty() && number.parse() == Ok(uid);
        is_it.then(|| name.to_owned())
    })
}

#[cfg(unix)]
pub(in crate::cli) fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
pub(in crate::cli) fn host() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_account_has_the_name_of_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\n# no account\n:x:7:7::/:\n\
                        ann:x:1000:1000::/home/ann:/bin/sh\nother:x:1000:1::/:\n";
        let cases = [(0, Some("root")), (1000, Some("ann")), (7, None), (8, None)];
        for (uid, expected) in cases {
            assert_eq!(account_name(accounts, uid).as_deref(), expected, "{uid}");
        }
        assert!(!os_user().is_empty() && !host().is_empty());
    }

    #[test]
    fn who_acts_is_named_by_the_cluster_where_it_knows() {
        let mut origin = Origin {
            os_user: "ann".to_owned(),
            ..Origin::default()
        };
        assert_eq!(name(&origin), "ann");
        origin.user = Some(super::named("ann@example.com"));
        assert_eq!(name(&origin), "ann@example.com");
        origin.impersonated = Some(super::named("robot"));
        assert_eq!(name(&origin), "robot");
    }
}
