//! Advisory locks between processes, and between threads of one.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::private;

/// Waiting begins with this and doubles up to [`LONGEST_WAIT`]: most locks are held for one write.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// A lock on a file that holds nothing else, since what it protects may be replaced. Released when
/// dropped, also by a crash.
#[derive(Debug)]
#[must_use = "it is released when dropped"]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until nobody else has the lock, for about `timeout`. Its file is made where it is
    /// missing.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] where somebody else has it all the time.
    pub fn exclusive(path: &Path, timeout: Duration) -> io::Result<Self> {
        let open = || {
            private()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
        };
        acquire(path, timeout, open, File::try_lock)
    }

    /// Waits until nobody has the lock exclusively; others may share it. `None` where nobody ever
    /// had it.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] where somebody else has it all the time.
    pub fn shared(path: &Path, timeout: Duration) -> io::Result<Option<Self>> {
        match acquire(path, timeout, || File::open(path), File::try_lock_shared) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn acquire(
    path: &Path,
    timeout: Duration,
    open: impl Fn() -> io::Result<File>,
    try_lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> io::Result<Lock> {
    // Waits are added up, so that no clock is needed.
    let mut waited = Duration::ZERO;
    let mut wait = SHORTEST_WAIT;
    loop {
        let file = open()?;
        match try_lock(&file) {
            Ok(()) if is_at(&file, path)? => return Ok(Lock { _file: file }),
            // Somebody has removed the file: those who come now lock another one.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if waited >= timeout => return Err(timed_out(timeout)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        thread::sleep(wait);
        waited += wait;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

fn timed_out(timeout: Duration) -> io::Error {
    let text = format!("another process has had the lock for {timeout:?}");
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// Whether a file is still the one of that name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(now) => Ok((now.dev(), now.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where open files cannot be removed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SOON: Duration = Duration::from_millis(5);
    const LATE: Duration = Duration::from_secs(60);

    #[test]
    fn one_at_a_time_and_after_the_timeout_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let first = Lock::exclusive(&path, SOON).unwrap();
        let second = Lock::exclusive(&path, SOON).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::TimedOut);
        let reader = Lock::shared(&path, SOON).unwrap_err();
        assert_eq!(reader.kind(), io::ErrorKind::TimedOut);
        drop(first);
        let _again = Lock::exclusive(&path, SOON).unwrap();
    }

    #[test]
    fn readers_share_and_keep_writers_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        assert!(Lock::shared(&path, SOON).unwrap().is_none());
        drop(Lock::exclusive(&path, SOON).unwrap());
        let readers = [Lock::shared(&path, SOON), Lock::shared(&path, SOON)];
        assert!(readers.iter().all(|it| matches!(it, Ok(Some(_)))));
        assert!(Lock::exclusive(&path, SOON).is_err());
        drop(readers);
        let _writer = Lock::exclusive(&path, SOON).unwrap();
    }

    #[test]
    fn who_waits_for_a_file_that_was_removed_locks_the_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let old = Lock::exclusive(&path, SOON).unwrap();
        fs::remove_file(&path).unwrap();
        let new = Lock::exclusive(&path, SOON).unwrap();
        drop(old);
        assert!(Lock::exclusive(&path, SOON).is_err(), "the new one counts");
        drop(new);
    }

    #[test]
    fn nobody_counts_at_the_same_time() {
        let directory = tempfile::tempdir().unwrap();
        let lock = directory.path().join("lock");
        let counter = directory.path().join("counter");
        fs::write(&counter, "0").unwrap();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let _lock = Lock::exclusive(&lock, LATE).unwrap();
                        let count: u32 = fs::read_to_string(&counter).unwrap().parse().unwrap();
                        fs::write(&counter, (count + 1).to_string()).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&counter).unwrap(), "200");
    }
}
