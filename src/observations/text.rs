//! Keeping text within bounds, and fit to be shown.

use alloc::string::String;
use alloc::vec::Vec;

/// The first `octets` of a text, and not half a character.
pub(super) fn cut(mut text: String, octets: usize) -> String {
    let end = (0..=octets).rev().find(|end| text.is_char_boundary(*end));
    if octets < text.len() {
        text.truncate(end.unwrap_or_default());
    }
    text
}

/// The text with an escape for everything that must not be shown as it is. Text that
/// went through [`escape`](crate::escape::escape()) stays as it is: the backslash does.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => printable.push(c),
            _ => printable.extend(c.escape_debug()),
        }
    }
    printable
}

/// The first `octets`.
pub(super) fn cut_bytes(mut bytes: Vec<u8>, octets: usize) -> Vec<u8> {
    bytes.truncate(octets);
    bytes
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;
    use crate::escape::escape;

    #[test]
    fn text_is_cut_between_characters() {
        for (text, octets, left) in
            [("abc", 3, "abc"), ("abc", 2, "ab"), ("aü", 2, "a"), ("ü", 1, ""), ("", 0, "")]
        {
            assert_eq!(cut(text.into(), octets), left);
        }
    }

    #[test]
    fn all_1_escaped_text_is_not_escaped_again() {
        let escaped = escape("a\\b\u{1b}[31m\"ü\u{202e}").to_string();
        assert_eq!(printable(&escaped), escaped);
        assert_eq!(printable("\u{1b}\n\u{202e}'\\"), "\\u{1b}\\n\\u{202e}'\\");
    }
}
