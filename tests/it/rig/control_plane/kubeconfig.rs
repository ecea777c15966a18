//! Kubeconfigs of a control plane: one file for each user.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::api::{Api, DynamicObject};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::{ADMIN, STRANGER, USERS};

/// Where a server is and how to trust it; its users have tokens.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) url: String,
    /// The certificate of its authority, in PEM.
    pub(super) authority: String,
    /// The administrator's; the others' are their names.
    pub(super) token: String,
}

pub(super) fn path(directory: &Path, user: &str) -> PathBuf {
    directory.join(format!("kubeconfig-{user}"))
}

/// Writes a file for the administrator, each user and the stranger.
pub(super) fn write(directory: &Path, access: &Access) {
    let authority = directory.join("authority.pem");
    fs::write(&authority, &access.authority).expect("the authority");
    for user in USERS.into_iter().chain([ADMIN, STRANGER]) {
        let token = if user == ADMIN { &access.token } else { user };
        let config = config(&access.url, &authority, token);
        fs::write(path(directory, user), config.to_string()).expect("a kubeconfig");
    }
}

/// A kubeconfig as JSON, which is YAML too.
pub(super) fn config(url: &str, authority: &Path, token: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{ "name": "test",
            "cluster": { "server": url, "certificate-authority": authority } }],
        "users": [{ "name": "test", "user": { "token": token } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
    })
}

/// Copies somebody's kubeconfig; in the copies for users, the administrator acts as them.
pub(super) fn copy(file: &Path, directory: &Path) {
    let read = Kubeconfig::read_from(file).expect("STEPSCALE_TEST_KUBECONFIG");
    let save = |user: &str, change: &dyn Fn(&mut AuthInfo)| {
        let mut read = read.clone();
        let all = read.auth_infos.iter_mut();
        all.filter_map(|it| it.auth_info.as_mut()).for_each(change);
        let text = serde_yaml::to_string(&read).expect("a kubeconfig in YAML");
        fs::write(path(directory, user), text).expect("a kubeconfig");
    };
    save(ADMIN, &|_| {});
    for user in USERS {
        save(user, &|it| it.impersonate = Some(user.to_owned()));
    }
    let token = serde_json::json!({ "token": STRANGER });
    let stranger: AuthInfo = serde_json::from_value(token).expect("a user with a token");
    save(STRANGER, &|it| *it = stranger.clone());
}

/// Whether every namespace gets a service account, which only a controller does.
pub(super) fn has_service_accounts(kubeconfig: &Path) -> bool {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let read = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(read, &options).await;
        let client = kube::Client::try_from(config.expect("a usable kubeconfig"));
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "ServiceAccount"));
        let accounts: Api<DynamicObject> =
            Api::namespaced_with(client.expect("a client"), "default", &kind);
        let found = tokio::time::timeout(Duration::from_secs(30), accounts.get_opt("default"));
        let found = found.await.expect("an answer of the cluster in time");
        found.expect("an answer of the cluster").is_some()
    })
}
