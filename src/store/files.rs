//! Recommendations as files of this user: `recommendations/CLUSTER/NAMESPACE/NAME.json` below the
//! state directory. Each write replaces a whole file under the cluster's lock.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Error, Listed, Stored, Unusable};
use crate::cluster::Cluster;
use crate::lifecycle::form;
use crate::lifecycle::record::Record;
use crate::state;

/// How long another process may hold the lock: it writes one small file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The files of one cluster.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Those of a cluster, which need not exist yet.
    ///
    /// # Errors
    /// Where the user has no home, or the cluster does not say who it is.
    pub async fn of(cluster: &Cluster) -> Result<Self, Error> {
        let state = state::folder().ok_or(Error::NoHome)?;
        let identity = cluster.identity().await?;
        Ok(Self::in_folder(
            state.join("recommendations").join(file_name(&identity)),
        ))
    }

    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn list(&self, namespace: Option<&str>) -> Result<Listed, Error> {
        let (mut objects, mut malformed) = (vec![], vec![]);
        for folder in entries(&self.folder).map_err(|it| self.failed(it))? {
            let is_meant = namespace.is_none_or(|it| {
                folder
                    .file_name()
                    .is_some_and(|name| *name == *file_name(it))
            });
            if !is_meant || !folder.is_dir() {
                continue;
            }
            for path in entries(&folder).map_err(|it| self.failed(it))? {
                if path.extension().is_none_or(|it| it != "json") {
                    continue;
                }
                match read(&path) {
                    Err(Error::NotJson { source, .. }) => malformed.push(unusable(&path, &source)),
                    other => objects.extend(other?),
                }
            }
        }
        let mut listed = Listed::of(objects.into_iter());
        listed.malformed.append(&mut malformed);
        Ok(listed)
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        read(&self.path(namespace, name))
    }

    pub(super) fn create(&self, record: &Record) -> Result<Value, Error> {
        let mut object = form::to_object(record, None);
        object["metadata"]["generation"] = json!(1);
        self.replace(record, None, object)
    }

    pub(super) fn save(&self, stored: &Stored, mut object: Value) -> Result<Value, Error> {
        if object["spec"] != stored.object["spec"] {
            let before = stored.object["metadata"]["generation"].as_i64();
            object["metadata"]["generation"] = json!(before.unwrap_or(1).saturating_add(1));
        }
        self.replace(&stored.record, Some(stored.version()), object)
    }

    /// Writes `object` if what is kept has the given version, or is not there.
    fn replace(
        &self,
        record: &Record,
        expected: Option<&Value>,
        mut object: Value,
    ) -> Result<Value, Error> {
        let _lock = self.lock().map_err(|it| self.failed(it))?;
        let path = self.path(&record.namespace, &record.name);
        let kept = read(&path)?;
        let kept = kept.as_ref().map(|it| &it["metadata"]["resourceVersion"]);
        if kept != expected {
            return Err(Error::Conflict {
                record: record.title(),
            });
        }
        let version = kept.and_then(|it| it.as_str()?.parse::<u64>().ok());
        let next = version.unwrap_or(0).saturating_add(1);
        object["metadata"]["resourceVersion"] = Value::from(next.to_string());
        let mut text = serde_json::to_vec_pretty(&object).unwrap_or_default();
        text.push(b'\n');
        let folder = path.parent().unwrap_or(&self.folder);
        state::create_private_folder(folder).map_err(|it| self.failed(it))?;
        state::atomic_write(&path, &text).map_err(|it| self.failed(it))?;
        Ok(object)
    }

    pub(super) fn delete(&self, stored: &Stored) -> Result<(), Error> {
        let _lock = self.lock().map_err(|it| self.failed(it))?;
        let record = &stored.record;
        let kept = read(&self.path(&record.namespace, &record.name))?;
        if kept.is_some_and(|it| it["metadata"]["resourceVersion"] != *stored.version()) {
            return Err(Error::Conflict {
                record: record.title(),
            });
        }
        match fs::remove_file(self.path(&record.namespace, &record.name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn lock(&self) -> io::Result<state::Lock> {
        state::create_private_folder(&self.folder)?;
        state::Lock::exclusive(&self.folder.join("lock"), PATIENCE)
    }

    fn path(&self, namespace: &str, name: &str) -> PathBuf {
        let file = format!("{}.json", file_name(name));
        self.folder.join(file_name(namespace)).join(file)
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Folder {
            path: self.folder.clone(),
            source,
        }
    }
}

/// What is in a folder, sorted; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        other => other?,
    };
    let mut paths = read
        .map(|it| it.map(|it| it.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Option<Value>, Error> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::Folder {
                path: path.to_owned(),
                source,
            });
        }
        Ok(bytes) => bytes,
    };
    let object = serde_json::from_slice(&bytes);
    object.map(Some).map_err(|source| Error::NotJson {
        path: path.to_owned(),
        source,
    })
}

/// What a file that is no JSON stands in the place of.
fn unusable(path: &Path, why: &serde_json::Error) -> Unusable {
    let text = |it: Option<&std::ffi::OsStr>| it.unwrap_or_default().to_string_lossy().into_owned();
    Unusable {
        namespace: text(path.parent().and_then(Path::file_name)),
        name: text(path.file_stem()),
        autoscaler: None,
        why: format!("{} is no recommendation: {why}", path.display()),
    }
}

/// A name as that of a file, whatever somebody typed: what is not plain is written as `%2F`.
fn file_name(name: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    let first = |at: usize, it: char| at > 0 || it != '.';
    let encoded = name
        .char_indices()
        .map(|(at, it)| match plain(it) && first(at, it) {
            true => it.to_string(),
            false => {
                let mut bytes = [0; 4];
                let bytes = it.encode_utf8(&mut bytes).bytes();
                bytes.map(|it| format!("%{it:02X}")).collect()
            }
        });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    fn files() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path().join("cluster"));
        (folder, files)
    }

    fn stored(object: Option<Value>) -> Stored {
        Stored::of(object.unwrap()).unwrap()
    }

    #[test]
    fn what_is_kept_is_read_back_until_it_is_forgotten() {
        let (_folder, files) = files();
        let record = made_up::record();
        assert_eq!(files.list(None).unwrap().records, []);
        assert_eq!(files.get("shop", "web").unwrap(), None);
        files.create(&record).unwrap();
        assert_eq!(stored(files.get("shop", "web").unwrap()).record, record);
        assert_eq!(files.list(Some("shop")).unwrap().records.len(), 1);
        assert_eq!(files.list(Some("sho")).unwrap().records.len(), 0);
        let read = stored(files.get("shop", "web").unwrap());
        files.delete(&read).unwrap();
        files.delete(&read).unwrap();
        assert_eq!(files.get("shop", "web").unwrap(), None);
    }

    #[test]
    fn of_two_who_save_the_later_one_is_told() {
        let (_folder, files) = files();
        let mut record = made_up::record();
        files.create(&record).unwrap();
        assert!(matches!(files.create(&record), Err(Error::Conflict { .. })));
        let read = stored(files.get("shop", "web").unwrap());
        record.approved = true;
        let object = form::to_object(&record, Some(&read.object));
        let saved = Stored::of(files.save(&read, object.clone()).unwrap()).unwrap();
        assert_eq!(saved.object["metadata"]["resourceVersion"], "2");
        assert_eq!(saved.object["metadata"]["generation"], 2);
        let late = files.save(&read, object);
        assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
        let late = files.delete(&read);
        assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
        assert!(stored(files.get("shop", "web").unwrap()).record.approved);
    }

    #[test]
    fn what_cannot_be_relied_on_is_told_and_hides_nothing_else() {
        let (_folder, files) = files();
        files.create(&made_up::record()).unwrap();
        let mut other = made_up::record();
        other.name = "other".to_owned();
        let path = files.path("shop", "other");
        let mut object = form::to_object(&other, None);
        object["spec"]["configDiff"] = json!({ "no_such_setting": { "from": 1, "to": 2 } });
        fs::write(&path, object.to_string()).unwrap();
        let listed = files.list(None).unwrap();
        assert_eq!((listed.records.len(), listed.malformed.len()), (1, 1));
        let about = listed.malformed[0].autoscaler.clone().unwrap();
        assert_eq!(
            about,
            ("HorizontalPodAutoscaler".to_owned(), "web".to_owned())
        );
        fs::write(&path, "{").unwrap();
        let listed = files.list(None).unwrap();
        assert_eq!((listed.records.len(), listed.malformed.len()), (1, 1));
        let broken = &listed.malformed[0];
        assert_eq!((&*broken.namespace, &*broken.name), ("shop", "other"));
        assert!(
            broken.why.contains("other.json is no recommendation"),
            "{broken}"
        );
        assert!(matches!(
            files.get("shop", "other"),
            Err(Error::NotJson { .. })
        ));
    }

    #[test]
    fn a_file_name_cannot_leave_its_folder() {
        let cases = [
            ("web", "web"),
            ("a.b-c_d", "a.b-c_d"),
            ("..", "%2E."),
            ("../x", "%2E.%2Fx"),
            ("ä", "%C3%A4"),
        ];
        for (name, expected) in cases {
            assert_eq!(file_name(name), expected);
        }
    }
}
