//! The labels of a series.

use std::cmp::Ordering;
use std::fmt;

/// Names and values of labels, sorted by name.
///
/// All text lies in one string, so that a reader of a hundred thousand series fills the same two
/// buffers again and again.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels {
    text: String,
    /// Where the name and where the value of each label end in `text`.
    ends: Vec<(u32, u32)>,
}

impl Labels {
    /// The value of label `name`; `None` where the series does not have it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Names and values in order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.ends.len()).map(|index| self.pair(index))
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Removes every label and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a label at its place in the order.
    pub fn insert(&mut self, name: &str, value: &str) {
        self.push_name(name);
        self.push_value(value);
        self.sort();
    }

    /// Begins a label; [`push_value`](Self::push_value) completes it.
    pub(super) fn push_name(&mut self, name: &str) {
        self.text.push_str(name);
        let end = self.text_end();
        self.ends.push((end, end));
    }

    /// Completes the label begun last.
    pub(super) fn push_value(&mut self, value: &str) {
        self.text.push_str(value);
        let end = self.text_end();
        if let Some(last) = self.ends.last_mut() {
            last.1 = end;
        }
    }

    /// Restores the order after labels were pushed. Servers send them in order: nothing to do.
    pub(super) fn sort(&mut self) {
        if self.iter().is_sorted() {
            return;
        }
        let unsorted = std::mem::take(self);
        let mut pairs: Vec<_> = unsorted.iter().collect();
        pairs.sort_unstable();
        for (name, value) in pairs {
            self.push_name(name);
            self.push_value(value);
        }
    }

    fn pair(&self, index: usize) -> (&str, &str) {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before].1 as usize,
            None => 0,
        };
        let (name, value) = self.ends[index];
        let (name, value) = (name as usize, value as usize);
        (&self.text[start..name], &self.text[name..value])
    }

    /// Labels are far below 4 GiB: an element of an answer is bounded to megabytes.
    fn text_end(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut labels = Self::default();
        for (name, value) in pairs {
            labels.push_name(name.as_ref());
            labels.push_value(value.as_ref());
        }
        labels.sort();
        labels
    }
}

impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Labels {
    /// As PromQL writes them: `{namespace="shop",pod="web-1"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_by_name_and_kept_in_order() {
        let labels: Labels = [("pod", "web-1"), ("namespace", "shop"), ("node", "")]
            .into_iter()
            .collect();
        assert_eq!(labels.get("pod"), Some("web-1"));
        assert_eq!(labels.get("node"), Some(""));
        assert_eq!(labels.get("po"), None);
        assert_eq!(labels.len(), 3);
        assert_eq!(
            labels.to_string(),
            r#"{namespace="shop",node="",pod="web-1"}"#
        );
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let one: Labels = [("a", "1"), ("b", "2")].into_iter().collect();
        let mut other = Labels::default();
        other.insert("b", "2");
        other.insert("a", "1");
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
    }

    #[test]
    fn where_a_name_ends_and_a_value_begins_makes_a_difference() {
        let one: Labels = [("a", "bc")].into_iter().collect();
        let other: Labels = [("ab", "c")].into_iter().collect();
        assert_ne!(one, other);
        assert!(one < other);
    }

    #[test]
    fn cleared_labels_are_empty() {
        let mut labels: Labels = [("a", "1")].into_iter().collect();
        labels.clear();
        assert!(labels.is_empty());
        assert_eq!(labels, Labels::default());
    }
}
