//! What was asked lately.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::request::Parts;

/// The last requests, refused ones included. Credentials are in headers, which are not here.
#[derive(Debug, Default)]
pub(crate) struct Log {
    room: usize,
    lines: Mutex<VecDeque<String>>,
}

impl Log {
    /// With room for so many requests.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room,
            lines: Mutex::default(),
        }
    }

    pub(super) fn note(&self, head: &Parts) {
        if self.room == 0 {
            return;
        }
        let mut lines = self.lines();
        if lines.len() >= self.room {
            lines.pop_front();
        }
        lines.push_back(format!("{} {}", head.method, head.uri));
    }

    /// Method, path and query of each, the oldest first.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.lines().iter().cloned().collect()
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(room: usize, paths: &[&str]) -> Vec<String> {
        let log = Log::new(room);
        for path in paths {
            let request = axum::http::Request::get(*path).body(()).unwrap();
            log.note(&request.into_parts().0);
        }
        log.requests()
    }

    #[test]
    fn the_last_requests_are_kept() {
        assert_eq!(noted(2, &["/a", "/b?c=d", "/e"]), ["GET /b?c=d", "GET /e"]);
        assert_eq!(noted(0, &["/a"]), Vec::<String>::new());
    }
}
