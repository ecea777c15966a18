//! Text on lines that a page has room for.

/// The width of a page that is no terminal: programs that look for words find them on one line.
pub const ENDLESS: usize = usize::MAX;

/// Columns of what is drawn, and of what stands side by side, on a page without end.
const DRAWN: usize = 80;

/// How wide to draw on a page of `width` columns.
pub(super) fn drawn(width: usize) -> usize {
    match width {
        ENDLESS => DRAWN,
        width => width,
    }
}

/// `text` on lines of at most `width` characters, the first one after `first`, the others after
/// `rest`. A word that is longer stays whole, and so does what stands in backticks: commands are
/// copied.
pub(super) fn wrapped(first: &str, rest: &str, text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![first.to_owned()];
    let mut is_empty = true;
    for word in words(text) {
        let last = lines.len() - 1;
        let length = characters(&lines[last]) + characters(&word) + usize::from(!is_empty);
        if length > width && !is_empty {
            lines.push(format!("{rest}{word}"));
        } else {
            let gap = if is_empty { "" } else { " " };
            lines[last].push_str(gap);
            lines[last].push_str(&word);
        }
        is_empty = false;
    }
    lines
}

/// `line` as it is if it fits into `width`, or is a command after a word, which a terminal breaks
/// without a line feed; else with more lines below it, further to the right.
pub fn continued(line: &str, width: usize) -> Vec<String> {
    let text = line.trim_start_matches(' ');
    let is_command = text
        .split_once(": ")
        .is_some_and(|it| it.1.starts_with("kubectl "));
    if characters(line) <= width || is_command {
        return vec![line.to_owned()];
    }
    let indent = &line[..line.len() - text.len()];
    wrapped(indent, &format!("{indent}  "), text, width)
}

fn words(text: &str) -> Vec<String> {
    let quotes = |it: &str| it.matches('`').count();
    let is_paired = quotes(text).is_multiple_of(2);
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        match words.last_mut().filter(|_| is_open) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        is_open ^= is_paired && !quotes(word).is_multiple_of(2);
    }
    words
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        let three = wrapped("a: ", "   ", "one two three", 10);
        assert_eq!(three, ["a: one two", "   three"]);
        assert_eq!(wrapped("", "", "abcdefghij k", 5), ["abcdefghij", "k"]);
        assert_eq!(wrapped("a:", "  ", "", 5), ["a:"]);
        assert_eq!(wrapped("", "", "one two", ENDLESS), ["one two"]);
    }

    #[test]
    fn commands_stay_whole() {
        let text = "run `kubectl get hpa -A`, then look";
        let lines = ["run", "`kubectl get hpa -A`,", "then look"];
        assert_eq!(wrapped("", "", text, 12), lines);
        assert_eq!(wrapped("", "", "one ` two", 5), ["one `", "two"]);
    }

    #[test]
    fn what_does_not_fit_goes_on_below_further_to_the_right() {
        assert_eq!(continued("  fix: it", 9), ["  fix: it"]);
        assert_eq!(continued("  fix: it all", 9), ["  fix: it", "    all"]);
        let command = "  check: kubectl auth can-i list pods";
        assert_eq!(continued(command, 20), [command]);
        // Spaces are kept where nothing is broken.
        assert_eq!(continued("a   b", 5), ["a   b"]);
    }
}
