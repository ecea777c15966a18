//! Where in an object a field is.

use std::fmt;

/// One step from an object to a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Key(String),
    Index(usize),
}

/// The way from the root of an object to a field; empty for the object itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The path that `text` writes as the API server does, without keys that hold dots or
    /// brackets: `spec.triggers[0].type`.
    pub fn of(text: &str) -> Self {
        let mut path = Self::default();
        for part in text.split('.').filter(|it| !it.is_empty()) {
            path = path.part(part);
        }
        path
    }

    /// The field `key` of what this path leads to.
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(Segment::Key(key.into()))
    }

    /// The item `index` of the list that this path leads to.
    pub fn index(&self, index: usize) -> Self {
        self.then(Segment::Index(index))
    }

    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The path as a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.0 {
            pointer.push('/');
            match segment {
                Segment::Key(key) => pointer += &key.replace('~', "~0").replace('/', "~1"),
                Segment::Index(index) => pointer += &index.to_string(),
            }
        }
        pointer
    }

    fn then(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The path with `name[0][1]` added.
    fn part(self, part: &str) -> Self {
        let (name, indexes) = part.split_once('[').unwrap_or((part, ""));
        let path = if name.is_empty() {
            self
        } else {
            self.key(name)
        };
        let numbers = indexes.split(['[', ']']).filter_map(|it| it.parse().ok());
        numbers.fold(path, |path, index| path.index(index))
    }
}

impl fmt::Display for FieldPath {
    /// As the API server writes it: `spec.triggers[0].metadata.query`, and keys that hold dots in
    /// brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if key.contains(['.', '[', ']']) => write!(f, "[{key}]")?,
                Segment::Key(key) if at == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_the_api_server_writes_it() {
        let path = FieldPath::of("spec.triggers[2].metadata").key("a/b~c");
        assert_eq!(path.to_string(), "spec.triggers[2].metadata.a/b~c");
        assert_eq!(path.pointer(), "/spec/triggers/2/metadata/a~1b~0c");
        assert_eq!(FieldPath::of("a[0][1].b").pointer(), "/a/0/1/b");
    }

    #[test]
    fn a_key_with_dots_stands_in_brackets() {
        let path = FieldPath::of("metadata.annotations").key("autoscaling.keda.sh/paused");
        assert_eq!(
            path.to_string(),
            "metadata.annotations[autoscaling.keda.sh/paused]"
        );
        assert_eq!(
            path.pointer(),
            "/metadata/annotations/autoscaling.keda.sh~1paused"
        );
    }

    #[test]
    fn the_root_is_empty() {
        assert_eq!(FieldPath::default().to_string(), "");
        assert_eq!(FieldPath::default().pointer(), "");
    }
}
