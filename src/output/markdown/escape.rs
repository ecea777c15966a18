//! Text from anywhere within Markdown as GitHub renders it: shown as it is, and nothing else.

/// Stands between `@` and a name, and is not seen: a mention is looked for after rendering, where an
/// escape is gone already.
const APART: char = '\u{200b}';

/// `text` on one line of running text.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '!' | '|' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            // A person, and an issue.
            '@' | '#' => {
                escaped.push(letter);
                escaped.push(APART);
            }
            // A heading, a list or a line across begin a line only.
            '+' | '-' | '=' if escaped.is_empty() => {
                escaped.push('\\');
                escaped.push(letter);
            }
            it if it.is_whitespace() => escaped.push(' '),
            it if it.is_control() => {}
            it => escaped.push(it),
        }
    }
    escaped
}

/// `text` within an element of HTML.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Within a line of HTML the rest of Markdown holds nevertheless.
            '`' | '*' | '_' | '[' | ']' | '~' | '\\' | '|' | '!' | '$' => {
                escaped.push_str(&format!("&#{};", u32::from(letter)));
            }
            '@' | '#' => {
                escaped.push(letter);
                escaped.push(APART);
            }
            it if it.is_whitespace() => escaped.push(' '),
            it if it.is_control() => {}
            it => escaped.push(it),
        }
    }
    escaped
}

/// A line of shell in a block of its own, whose fence is longer than any within.
pub(super) fn fenced(line: &str) -> String {
    let mut longest = 2;
    let mut here = 0;
    for letter in line.chars() {
        here = if letter == '`' { here + 1 } else { 0 };
        longest = longest.max(here);
    }
    let fence = "`".repeat(longest + 1);
    let line: String = line.chars().filter(|it| !it.is_control()).collect();
    format!("{fence}sh\n{line}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        let cases = [
            ("a|b", r"a\|b"),
            ("two\nlines\r\n", "two lines  "),
            ("`code`", r"\`code\`"),
            (
                "<img src=x onerror=alert(1)>",
                "&lt;img src=x onerror=alert(1)&gt;",
            ),
            ("*bold* _it_ ~no~", r"\*bold\* \_it\_ \~no\~"),
            ("[a](javascript:b)", r"\[a\](javascript:b)"),
            ("![a](b)", r"\!\[a\](b)"),
            ("&lt;", "&amp;lt;"),
            (r"\|", r"\\\|"),
            ("- item", r"\- item"),
            ("bell\u{7}", "bell"),
        ];
        for (plain, escaped) in cases {
            assert_eq!(text(plain), escaped);
        }
    }

    #[test]
    fn nobody_is_called_and_no_issue_is_linked() {
        for escape in [text, html] {
            assert_eq!(escape("@team/ops #12"), "@\u{200b}team/ops #\u{200b}12");
        }
    }

    #[test]
    fn within_html_nothing_is_markup_either() {
        assert_eq!(html("</summary>"), "&lt;/summary&gt;");
        assert_eq!(html("a|`b`*"), "a&#124;&#96;b&#96;&#42;");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("kubectl"), "```sh\nkubectl\n```\n");
        assert_eq!(fenced("a```b\nc"), "````sh\na```bc\n````\n");
    }
}
