//! Where recommendations are kept: as ScalingRecommendation objects where the cluster knows them,
//! else as the same objects in files of this user, one folder for each cluster.
//!
//! Whoever saves a record that another process has saved since gets a [`Error::Conflict`]: nothing
//! is overwritten unseen.

mod files;
mod followed;
mod objects;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::write::{Kind, WriteError};
use crate::cluster::{self, Cluster};
use crate::lifecycle::form::{self, Malformed};
use crate::lifecycle::record::Record;
use crate::state;
pub use files::Files;
pub use objects::Objects;

/// ScalingRecommendations.
pub const KIND: Kind = Kind {
    group: form::GROUP,
    version: form::VERSION,
    plural: form::PLURAL,
    kind: form::KIND,
    namespaced: true,
};

/// One of the two places.
#[derive(Clone, Debug)]
pub enum Store {
    Objects(Box<Objects>),
    Files(Files),
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub record: Record,
    /// The object, with what we do not know and with the version that it was read at.
    object: Value,
}

/// Everything that is kept.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Sorted by namespace and name.
    pub records: Vec<Stored>,
    /// What cannot be relied on.
    pub malformed: Vec<Unusable>,
}

/// Something that is kept in the place of a record and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    pub namespace: String,
    pub name: String,
    /// Kind and name of the autoscaler that it is about, as far as it says so.
    pub autoscaler: Option<(String, String)>,
    /// With its name: `rec/web in namespace shop: .spec: is missing`.
    pub why: String,
}

/// Why a record cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else has saved it since it was read.
    #[error("{record} was changed by somebody else at the same time")]
    Conflict { record: String },
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("cannot save {record}")]
    Write { record: String, source: WriteError },
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error("cannot use the folder of recommendations {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} is no recommendation", path.display())]
    NotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("no home directory for recommendations")]
    NoHome,
}

impl Error {
    /// Whether it says something of one record alone, so that others can be kept nevertheless.
    pub fn is_of_one(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Malformed(_) | Self::NotJson { .. } => true,
            // The API server does not take such an object, or has no such namespace.
            Self::Write {
                source: WriteError::Refused(err),
                ..
            } => matches!(
                **err,
                cluster::Error::Api {
                    code: 400 | 404 | 413 | 422,
                    ..
                }
            ),
            Self::Write { .. } | Self::Cluster(_) | Self::Folder { .. } | Self::NoHome => false,
        }
    }
}

impl Store {
    /// That of a cluster: its own objects where it has the kind, else files of this user.
    ///
    /// # Errors
    /// Where the cluster cannot be asked, or there is no place for files.
    pub async fn of(cluster: &Cluster) -> Result<Self, Error> {
        match cluster.serves(&KIND).await? {
            true => Ok(Self::Objects(Box::new(Objects::of(cluster.clone())))),
            false => Ok(Self::Files(Files::of(cluster).await?)),
        }
    }

    /// The same, kept in the name of a field manager.
    pub fn written_by(self, manager: &'static str) -> Self {
        match self {
            Self::Objects(it) => Self::Objects(Box::new(it.written_by(manager))),
            Self::Files(it) => Self::Files(it),
        }
    }

    /// Where it is, as messages name it.
    pub fn place(&self) -> String {
        match self {
            Self::Objects(_) => "ScalingRecommendation objects in the cluster".to_owned(),
            Self::Files(files) => format!("files below {}", files.folder().display()),
        }
    }

    /// The same for so many of them.
    pub fn place_of(&self, count: usize) -> String {
        match self {
            Self::Objects(_) if count == 1 => {
                "a ScalingRecommendation object in the cluster".to_owned()
            }
            Self::Files(files) if count == 1 => {
                format!("a file below {}", files.folder().display())
            }
            Self::Objects(_) | Self::Files(_) => self.place(),
        }
    }

    /// The same for whoever lists them again and again: objects of a namespace, or of all, are
    /// watched from now on and listed from memory, as new as the watch; files are read each time.
    /// What this process writes by the new store is in its next list. Must be called in a runtime;
    /// where they may not be watched, they are listed each time.
    #[must_use]
    pub fn following(&self, namespace: Option<&str>, poll: Duration) -> Self {
        match self {
            Self::Objects(it) => Self::Objects(Box::new(it.following(namespace, poll))),
            Self::Files(it) => Self::Files(it.clone()),
        }
    }

    /// Those of a namespace, or of all, as they are kept now, whatever a watch has told.
    ///
    /// # Errors
    /// Where they cannot be read at all.
    pub async fn list_anew(&self, namespace: Option<&str>) -> Result<Listed, Error> {
        match self {
            Self::Objects(it) => it.list_anew(namespace).await,
            Self::Files(it) => {
                let namespace = namespace.map(str::to_owned);
                on_disk(it, move |it| it.list(namespace.as_deref())).await
            }
        }
    }

    /// Those of a namespace, or of all.
    ///
    /// # Errors
    /// Where they cannot be read at all.
    pub async fn list(&self, namespace: Option<&str>) -> Result<Listed, Error> {
        match self {
            Self::Objects(it) => it.list(namespace).await,
            Self::Files(it) => {
                let namespace = namespace.map(str::to_owned);
                on_disk(it, move |it| it.list(namespace.as_deref())).await
            }
        }
    }

    /// One of them; `None` where there is none of that name.
    ///
    /// # Errors
    /// Where it cannot be read or relied on.
    pub async fn get(&self, namespace: &str, name: &str) -> Result<Option<Stored>, Error> {
        let object = match self {
            Self::Objects(it) => it.get(namespace, name).await?,
            Self::Files(it) => {
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                on_disk(it, move |it| it.get(&namespace, &name)).await?
            }
        };
        object.map(Stored::of).transpose().map_err(Error::from)
    }

    /// Keeps a new one.
    ///
    /// # Errors
    /// [`Error::Conflict`] where there is one of that name already.
    pub async fn create(&self, record: &Record) -> Result<Stored, Error> {
        let object = match self {
            Self::Objects(it) => it.create(record).await?,
            Self::Files(it) => {
                let record = record.clone();
                on_disk(it, move |it| it.create(&record)).await?
            }
        };
        Ok(Stored::of(object)?)
    }

    /// Keeps `record` in place of `stored`.
    ///
    /// # Errors
    /// [`Error::Conflict`] where `stored` is no longer what is kept.
    pub async fn save(&self, stored: &Stored, record: &Record) -> Result<Stored, Error> {
        if stored.record == *record {
            return Ok(stored.clone());
        }
        let object = form::to_object(record, Some(&stored.object));
        let object = match self {
            Self::Objects(it) => it.save(stored, record, object).await?,
            Self::Files(it) => {
                let stored = stored.clone();
                on_disk(it, move |it| it.save(&stored, object)).await?
            }
        };
        Ok(Stored::of(object)?)
    }

    /// Forgets one.
    ///
    /// # Errors
    /// Where that is refused; one that is gone already is forgotten.
    pub async fn delete(&self, stored: &Stored) -> Result<(), Error> {
        match self {
            Self::Objects(it) => it.delete(&stored.record).await,
            Self::Files(it) => {
                let stored = stored.clone();
                on_disk(it, move |it| it.delete(&stored)).await
            }
        }
    }
}

/// Does something with files, whose lock another process may hold for long.
async fn on_disk<T: Send + 'static>(
    files: &Files,
    deed: impl FnOnce(Files) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let files = files.clone();
    state::blocking(move || deed(files)).await
}

impl Stored {
    fn of(object: Value) -> Result<Self, Malformed> {
        Ok(Self {
            record: form::from_object(&object)?,
            object,
        })
    }

    fn version(&self) -> &Value {
        &self.object["metadata"]["resourceVersion"]
    }
}

impl Listed {
    fn of(objects: impl Iterator<Item = Value>) -> Self {
        let mut listed = Self::default();
        for object in objects {
            match form::from_object(&object) {
                Ok(record) => listed.records.push(Stored { record, object }),
                Err(malformed) => listed.malformed.push(Unusable::of(&object, &malformed)),
            }
        }
        let place = |it: &Stored| (it.record.namespace.clone(), it.record.name.clone());
        listed.records.sort_by_cached_key(place);
        listed
    }
}

impl Unusable {
    fn of(object: &Value, malformed: &Malformed) -> Self {
        let text = |it: &Value| it.as_str().map(str::to_owned);
        let metadata = |key: &str| text(&object["metadata"][key]).unwrap_or_default();
        let target = &object["spec"]["targetRef"];
        Self {
            namespace: metadata("namespace"),
            name: metadata("name"),
            autoscaler: text(&target["kind"]).zip(text(&target["name"])),
            why: malformed.to_string(),
        }
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    #[test]
    fn one_is_told_as_one() {
        let store = Store::Files(Files::in_folder("/state".into()));
        assert_eq!(store.place_of(1), "a file below /state");
        for many in [0, 2] {
            assert_eq!(store.place_of(many), "files below /state");
        }
    }

    /// On one thread, which whoever holds the lock needs too.
    #[tokio::test]
    async fn a_lock_that_another_holds_stops_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let lock = state::Lock::exclusive(&folder.path().join("lock"), Duration::ZERO).unwrap();
        let store = Store::Files(Files::in_folder(folder.path().to_owned()));
        let record = made_up::record();
        let (created, ()) = tokio::join!(store.create(&record), async {
            tokio::task::yield_now().await;
            drop(lock);
        });
        assert_eq!(created.unwrap().record, record);
    }
}
