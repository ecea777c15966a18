//! What is on this machine.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use super::{Examination, within};
use crate::audit::{self, Output, policy::Policy};
use crate::cli::license;
use crate::config::license::Source;
use crate::doctor::{AuditLog, Folder, License, Told};
use crate::state;

impl Examination<'_> {
    /// Only a license in a Secret needs the cluster.
    pub(super) async fn license(&self) -> Told<License> {
        let config = &self.config.license;
        let cluster = match &config.source {
            Some(Source::Secret(_)) => match self.cluster().await {
                Ok(cluster) => Some(cluster),
                Err(why) => return Told::Unasked(why),
            },
            Some(Source::Files { .. }) | None => None,
        };
        within(self.config.timeout, async {
            let resolved = license::resolve(cluster, config, self.cx.now()).await?;
            Ok(License {
                state: resolved.state,
                source: resolved.source,
            })
        })
        .await
    }
}

pub(super) fn state() -> Folder {
    let Some(path) = state::folder() else {
        return Folder {
            path: None,
            problem: None,
        };
    };
    Folder {
        problem: state::try_folder(&path).err().map(|it| it.to_string()),
        path: Some(path.display().to_string()),
    }
}

pub(super) fn audit(settings: &audit::Settings) -> AuditLog {
    match (
        &settings.log_file,
        settings.path(state::folder().as_deref()),
    ) {
        _ if settings.policy == Policy::default() => AuditLog::Off,
        (Output::Stdout, _) => AuditLog::Stdout,
        (_, None) => AuditLog::File(Folder {
            path: None,
            problem: None,
        }),
        (_, Some(path)) => AuditLog::File(Folder {
            problem: try_file(&path).err().map(|it| it.to_string()),
            path: Some(path.display().to_string()),
        }),
    }
}

/// Whether a file could be written to; nothing is, and none is made.
fn try_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().append(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            state::try_folder(path.parent().unwrap_or(Path::new("")))
        }
        Err(error) => Err(error),
    }
}
