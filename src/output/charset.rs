//! Which characters a terminal can show.

use std::borrow::Cow;

/// Which characters may be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    #[default]
    Unicode,
    Ascii,
}

impl Charset {
    /// That of a locale such as `en_US.UTF-8`; the locale `C` and none have ASCII alone.
    pub fn of_locale(locale: &str) -> Self {
        let encoding = locale.split('.').nth(1).unwrap_or_default();
        let encoding = encoding.split('@').next().unwrap_or_default();
        match encoding.replace('-', "").eq_ignore_ascii_case("utf8") {
            true => Self::Unicode,
            false => Self::Ascii,
        }
    }

    /// `text` with what the terminal cannot show in other words.
    pub fn shown(self, text: &str) -> Cow<'_, str> {
        if self == Self::Unicode || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        for it in text.chars() {
            match it {
                '→' => shown.push_str("->"),
                '…' => shown.push_str("..."),
                '×' => shown.push('x'),
                '–' | '—' | '─' => shown.push('-'),
                '’' | '‘' => shown.push('\''),
                '▁'..='█' => shown.push(bar(it)),
                '·' => shown.push('_'),
                it if it.is_ascii() => shown.push(it),
                _ => shown.push('?'),
            }
        }
        Cow::Owned(shown)
    }
}

/// One of eight bars by its height.
fn bar(bar: char) -> char {
    match bar {
        '▁' => '.',
        '▂' => ':',
        '▃' => '-',
        '▄' => '=',
        '▅' => '+',
        '▆' => '*',
        '▇' => '#',
        _ => '@',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_tells_its_encoding() {
        let cases = [
            ("en_US.UTF-8", Charset::Unicode),
            ("C.utf8", Charset::Unicode),
            ("de_DE.UTF-8@euro", Charset::Unicode),
            ("de_DE.ISO-8859-1", Charset::Ascii),
            ("C", Charset::Ascii),
            ("", Charset::Ascii),
        ];
        for (locale, expected) in cases {
            assert_eq!(Charset::of_locale(locale), expected, "{locale}");
        }
    }

    #[test]
    fn ascii_has_other_words_for_arrows() {
        assert_eq!(Charset::Ascii.shown("min 6→2 × 3 ☃"), "min 6->2 x 3 ?");
        assert_eq!(Charset::Unicode.shown("min 6→2"), "min 6→2");
    }
}
