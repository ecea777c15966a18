//! Errors in one line, for logs and records that have no place for a chain of causes.

use std::error::Error;

/// An error with its causes: `cannot save rec/web: no answer: timed out`.
pub(crate) fn whole(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |it| (*it).source());
    let all: Vec<String> = causes.map(ToString::to_string).collect();
    all.join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot save")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_follow_what_they_caused() {
        let outer = Outer(io::Error::other("no space left"));
        assert_eq!(whole(&outer), "cannot save: no space left");
    }
}
