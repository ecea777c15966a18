//! JSON pointers (RFC 6901) to fields: what they name is found through objects only, never through
//! lists, whose items have no lasting place.

use std::cmp::Ordering;

use serde_json::Value;

/// A place whose parent is not there, or is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lifecycle) struct NoPlace;

/// The pointer to `key` within the place at `path`.
pub(in crate::lifecycle) fn child(path: &str, key: &str) -> String {
    let escaped = key.replace('~', "~0").replace('/', "~1");
    format!("{path}/{escaped}")
}

/// The keys on the way; none to the whole, `None` where it is no pointer.
pub(in crate::lifecycle) fn steps(path: &str) -> Option<Vec<String>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    let steps = path.strip_prefix('/')?.split('/');
    Some(steps.map(unescaped).collect())
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// What `object` has at a field; `None` where it could have something and has not.
pub(in crate::lifecycle) fn find<'a>(
    object: &'a Value,
    path: &str,
) -> Result<Option<&'a Value>, NoPlace> {
    let mut steps = steps(path).ok_or(NoPlace)?;
    let last = steps.pop().ok_or(NoPlace)?;
    let parent = steps
        .iter()
        .try_fold(object, |at, step| at.as_object()?.get(step));
    let fields = parent.and_then(Value::as_object).ok_or(NoPlace)?;
    Ok(fields.get(&last))
}

/// Orders step by step, so that what is below a place follows it at once.
pub(in crate::lifecycle) fn compare(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

/// Whether `path` is `outer` or below it.
pub(in crate::lifecycle) fn is_within(path: &str, outer: &str) -> bool {
    let rest = path.strip_prefix(outer);
    rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_with_slashes_and_tildes_are_found_again() {
        let object = json!({"a/b": {"m~n": {"~1": 1, "": 2}}});
        let path = child(&child(&child("", "a/b"), "m~n"), "~1");
        assert_eq!(path, "/a~1b/m~0n/~01");
        assert_eq!(object.pointer(&path), Some(&json!(1)));
        assert_eq!(find(&object, &path), Ok(Some(&json!(1))));
        assert_eq!(find(&object, "/a~1b/m~0n/"), Ok(Some(&json!(2))));
    }

    #[test]
    fn a_place_is_one_within_an_object_that_is_there() {
        let object = json!({"spec": {"min": 1, "list": [{"a": 1}]}});
        let table = [
            ("/spec/max", Ok(None)),
            ("/spec/min", Ok(Some(&object["spec"]["min"]))),
            ("/spec/min/x", Err(NoPlace)),
            ("/spec/none/x", Err(NoPlace)),
            ("/spec/list/0", Err(NoPlace)),
            ("/spec/list/0/a", Err(NoPlace)),
            ("", Err(NoPlace)),
            ("spec", Err(NoPlace)),
        ];
        for (path, expected) in table {
            assert_eq!(find(&object, path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_below_a_place_follows_it_at_once() {
        let mut paths = ["/a-b", "/a/c", "/a", "/a.x"];
        paths.sort_by(|a, b| compare(a, b));
        assert_eq!(paths, ["/a", "/a/c", "/a-b", "/a.x"]);
        assert!(is_within("/a/c", "/a") && is_within("/a", "/a") && is_within("/a", ""));
        assert!(!is_within("/a-b", "/a") && !is_within("/a", "/a/c"));
    }
}
