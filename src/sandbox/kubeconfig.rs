//! A kubeconfig that leads to the sandbox.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What a kubeconfig says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kubeconfig {
    /// What cluster and contexts are called.
    pub(crate) name: String,
    /// `https://127.0.0.1:41234`.
    pub(crate) server: String,
    /// The certificate of the authority that the server is signed by, in PEM; empty without TLS.
    pub(crate) authority: String,
    /// The namespace of the contexts.
    pub(crate) namespace: String,
    /// Names and tokens. The first user's context has the name of the cluster and is the current
    /// one, the others' have `@USER` before it.
    pub(crate) users: Vec<(String, String)>,
}

impl Kubeconfig {
    /// As YAML.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub(crate) fn to_yaml(&self) -> io::Result<String> {
        crate::yaml::write(&self.to_json()).map_err(io::Error::other)
    }

    /// Writes the file at once, for its owner alone.
    ///
    /// # Errors
    /// When the file or its neighbor for the time of writing cannot be written.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let text = self.to_yaml()?;
        let draft = beside(path);
        let written = create(&draft, text.as_bytes()).and_then(|()| fs::rename(&draft, path));
        if written.is_err() {
            // The draft holds tokens. That it may not be there is no further trouble.
            let _ = fs::remove_file(&draft);
        }
        written
    }

    fn to_json(&self) -> Value {
        let cluster = match self.authority.as_str() {
            "" => json!({ "server": self.server }),
            pem => json!({
                "certificate-authority-data": STANDARD.encode(pem), "server": self.server
            }),
        };
        let user =
            |(name, token): &(String, String)| json!({ "name": name, "user": { "token": token } });
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": self.name, "cluster": cluster }],
            "users": self.users.iter().map(user).collect::<Vec<Value>>(),
            "contexts": self.contexts(),
            "current-context": self.name,
        })
    }

    fn contexts(&self) -> Vec<Value> {
        let context = |(index, (user, _)): (usize, &(String, String))| {
            let name = match index {
                0 => self.name.clone(),
                _ => format!("{user}@{}", self.name),
            };
            let context =
                json!({ "cluster": self.name, "namespace": self.namespace, "user": user });
            json!({ "name": name, "context": context })
        };
        self.users.iter().enumerate().map(context).collect()
    }
}

/// A file in the same folder, so that renaming it is one step.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig() -> Kubeconfig {
        Kubeconfig {
            name: "sandbox".to_owned(),
            server: "https://127.0.0.1:1".to_owned(),
            authority: "PEM".to_owned(),
            namespace: "shop".to_owned(),
            users: ["admin", "viewer"]
                .map(|it| (it.to_owned(), format!("{it}-token")))
                .into(),
        }
    }

    #[test]
    fn a_kube_client_reads_it() {
        let text = kubeconfig().to_yaml().unwrap();
        let read = kube::config::Kubeconfig::from_yaml(&text).unwrap();
        assert_eq!(read.current_context.as_deref(), Some("sandbox"));
        let contexts: Vec<(&str, &str)> = read
            .contexts
            .iter()
            .map(|it| {
                let context = it.context.as_ref().unwrap();
                (it.name.as_str(), context.user.as_deref().unwrap())
            })
            .collect();
        assert_eq!(
            contexts,
            [("sandbox", "admin"), ("viewer@sandbox", "viewer")]
        );
        let cluster = read.clusters[0].cluster.as_ref().unwrap();
        assert_eq!(cluster.certificate_authority_data.as_deref(), Some("UEVN"));
    }

    #[test]
    #[cfg(unix)]
    fn the_file_is_its_owners_alone_and_replaces_the_one_before() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "old").unwrap();
        kubeconfig().write(&path).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            kubeconfig().to_yaml().unwrap()
        );
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        kubeconfig().write(&path).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
