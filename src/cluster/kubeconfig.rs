//! What a kubeconfig says of the way to a cluster, without going it.

mod certificate;

use std::path::PathBuf;

use jiff::Timestamp;
use kube::config::AuthInfo;

use super::connect::{chosen_context, context, files, in_cluster, kubeconfig_of};
use super::{Error, Options};

/// The way that a kubeconfig, or the pod that this runs in, names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The files that were read; empty inside a cluster.
    pub files: Vec<PathBuf>,
    /// `None` inside a cluster.
    pub context: Option<String>,
    pub user: Option<String>,
    /// The command of its credential plugin.
    pub plugin: Option<String>,
    /// The end of its client certificate, where that can be read.
    pub certificate_until: Option<Timestamp>,
}

/// The way that `options` and the kubeconfig name. Runs no plugin and asks nobody.
///
/// # Errors
/// As [`super::connect`] has before it connects.
pub fn way(options: &Options) -> Result<Way, Error> {
    let file = options.kubeconfig.as_deref();
    let Some(mut kubeconfig) = kubeconfig_of(file)? else {
        return in_cluster().map(|_| Way::default());
    };
    let name = chosen_context(&mut kubeconfig, options)?;
    let user = options.user.clone().or(context(&kubeconfig, &name).user);
    let named = kubeconfig
        .auth_infos
        .iter()
        .find(|it| Some(&it.name) == user.as_ref());
    let auth = named
        .and_then(|it| it.auth_info.clone())
        .unwrap_or_default();
    Ok(Way {
        files: files(file),
        context: Some(name),
        user,
        certificate_until: certificate_until(&auth),
        plugin: auth.exec.and_then(|it| it.command),
    })
}

fn certificate_until(auth: &AuthInfo) -> Option<Timestamp> {
    use base64::Engine;
    let pem = match (&auth.client_certificate_data, &auth.client_certificate) {
        (Some(data), _) => base64::engine::general_purpose::STANDARD
            .decode(data)
            .ok()?,
        (None, Some(path)) => std::fs::read(path).ok()?,
        (None, None) => return None,
    };
    certificate::valid_until(&pem)
}
