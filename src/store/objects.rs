//! Recommendations as objects of the cluster.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::followed::{Followed, Name};
use super::{Error, KIND, Listed, Stored};
use crate::cluster::Cluster;
use crate::cluster::write::{Change, Place, WriteError, Writing};
use crate::lifecycle::form;
use crate::lifecycle::record::Record;

/// The objects of one cluster.
#[derive(Clone)]
pub struct Objects {
    cluster: Cluster,
    /// `None` where the server is asked each time.
    followed: Option<Arc<Followed>>,
    manager: &'static str,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the recommendations of {}", self.cluster.endpoint())
    }
}

impl Objects {
    pub fn of(cluster: Cluster) -> Self {
        Self {
            cluster,
            followed: None,
            manager: crate::lifecycle::MANAGER,
        }
    }

    pub(super) fn following(&self, namespace: Option<&str>, poll: Duration) -> Self {
        let followed = Followed::start(&self.cluster, namespace, poll);
        Self {
            cluster: self.cluster.clone(),
            followed: Some(Arc::new(followed)),
            manager: self.manager,
        }
    }

    /// The same, written by another field manager than that of a command line.
    pub fn written_by(self, manager: &'static str) -> Self {
        Self { manager, ..self }
    }

    pub(super) async fn list(&self, namespace: Option<&str>) -> Result<Listed, Error> {
        let Some(followed) = &self.followed else {
            return self.list_anew(namespace).await;
        };
        let objects = match followed.list(&self.cluster, namespace).await? {
            Some(objects) => objects,
            None => {
                let objects = self.all(namespace).await?;
                followed.listed(namespace, &objects);
                objects
            }
        };
        Ok(Listed::of(objects.into_iter()))
    }

    pub(super) async fn list_anew(&self, namespace: Option<&str>) -> Result<Listed, Error> {
        Ok(Listed::of(self.all(namespace).await?.into_iter()))
    }

    async fn all(&self, namespace: Option<&str>) -> Result<Vec<Value>, Error> {
        let mut all = vec![];
        self.cluster
            .all(&KIND, namespace, |it| all.push(it))
            .await?;
        Ok(all)
    }

    pub(super) async fn get(&self, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        Ok(self.cluster.object(&place(namespace, name)).await?.value)
    }

    /// In three writes, of which each leaves something sound: nothing is approved before its whole
    /// story is there. What a process left that died in between is completed.
    pub(super) async fn create(&self, record: &Record) -> Result<Value, Error> {
        let mut unapproved = record.clone();
        unapproved.approved = false;
        let object = form::to_object(&unapproved, None);
        let place = place(&record.namespace, &record.name);
        let made = match self.write(record, &place, &Change::Create(&object)).await {
            Err(Error::Conflict { record: title }) => {
                let kept = self.get(&record.namespace, &record.name).await?;
                let is_begun = |it: &Value| it["status"].is_null() && it["spec"] == object["spec"];
                kept.filter(is_begun)
                    .ok_or(Error::Conflict { record: title })?
            }
            other => other?,
        };
        // A server with the status as a subresource leaves it out of what is created.
        let object = form::to_object(&unapproved, Some(&made));
        let change = Change::ReplaceStatus(&object);
        let made = self.write(record, &place, &change).await?;
        match record.approved {
            true => {
                let object = form::to_object(record, Some(&made));
                self.save(&Stored::of(made)?, record, object).await
            }
            false => Ok(made),
        }
    }

    pub(super) async fn save(
        &self,
        stored: &Stored,
        record: &Record,
        object: Value,
    ) -> Result<Value, Error> {
        let place = place(&record.namespace, &record.name);
        let is_same = |part: &str| stored.object[part] == object[part];
        let mut made = stored.object.clone();
        if !is_same("spec") || !is_same("metadata") {
            made = self
                .write(record, &place, &Change::Replace(&object))
                .await?;
        }
        // With the generation that the server gave it just now.
        let object = form::to_object(record, Some(&made));
        if object["status"] != made["status"] {
            let change = Change::ReplaceStatus(&object);
            made = self.write(record, &place, &change).await?;
        }
        Ok(made)
    }

    pub(super) async fn delete(&self, record: &Record) -> Result<(), Error> {
        let place = place(&record.namespace, &record.name);
        match self.write(record, &place, &Change::Delete).await {
            Ok(_) => Ok(()),
            Err(Error::Write {
                source: WriteError::Refused(error),
                ..
            }) if matches!(*error, crate::cluster::Error::Api { code: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        record: &Record,
        place: &Place<'_>,
        change: &Change<'_>,
    ) -> Result<Value, Error> {
        let name = || -> Name { (record.namespace.clone(), record.name.clone()) };
        if let Some(followed) = &self.followed {
            followed.begins(name());
        }
        let writing = Writing {
            manager: self.manager,
            force: false,
            dry_run: false,
        };
        match self.cluster.write(place, change, &writing).await {
            Ok(answer) => {
                // What is deleted has no version that a watch would tell of.
                if let Some(followed) = &self.followed
                    && *change != Change::Delete
                {
                    followed.ended(name(), &answer.value);
                }
                Ok(answer.value)
            }
            Err(WriteError::Conflict { .. }) => Err(Error::Conflict {
                record: record.title(),
            }),
            Err(source) => Err(Error::Write {
                record: record.title(),
                source,
            }),
        }
    }
}

pub(super) fn place<'a>(namespace: &'a str, name: &'a str) -> Place<'a> {
    Place {
        kind: KIND,
        namespace,
        name,
    }
}
