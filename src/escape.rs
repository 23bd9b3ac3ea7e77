//! The one way to show text that came from somebody else.
//!
//! Records, policies, certificate names and reports are written by strangers.
//! In an error, a log line or a terminal they must not move the cursor, forge a
//! second line, or turn the reading order around. Everything remote in the errors,
//! hints, deviations and `Debug` of this crate goes through [`escape()`]; what
//! `as_str`, `Display` of a value and the like give is the text itself, and should
//! go through it before it is shown.
//!
//! This is not an encoding: nothing turns the result back into the text.
//!
//! ```
//! use mta_sts::escape::escape;
//!
//! assert_eq!(escape("mode: \u{1b}[31mnone\r\n").to_string(), r"mode: \u{1b}[31mnone\r\n");
//! assert_eq!(escape(b"caf\xe9").to_string(), r"caf\xe9");
//! assert_eq!(escape("abcdef").at_most(3).to_string(), "abc…");
//! ```

use core::fmt::{self, Write as _};

/// How many characters of a remote text are shown unless the caller says
/// otherwise with [`Escaped::at_most`]: a line of a terminal.
pub const SHOWN_MAX: usize = 100;

/// Wraps remote text so that it can be displayed safely.
///
/// Shown as they are: printable characters of any script. Shown as an escape
/// (`\n`, `\u{202e}`, `\xff`): controls, ESC, line separators, bidi and
/// zero-width marks, combining characters, unassigned and private code points,
/// bytes that are not UTF-8, and the backslash itself, so that what looks like
/// an escape is one. At most [`SHOWN_MAX`] characters of the text are shown; a
/// cut is marked with `…`.
#[must_use]
pub fn escape<T: AsRef<[u8]> + ?Sized>(text: &T) -> Escaped<'_> {
    Escaped { text: text.as_ref(), max: SHOWN_MAX }
}

/// Remote text on its way to a log, an error or a terminal; see [`escape()`].
/// `Debug` shows the same as `Display`.
#[derive(Clone, Copy)]
pub struct Escaped<'a> {
    text: &'a [u8],
    max: usize,
}

impl Escaped<'_> {
    /// Shows at most `characters` characters of the text instead of
    /// [`SHOWN_MAX`].
    #[must_use]
    pub const fn at_most(mut self, characters: usize) -> Self {
        self.max = characters;
        self
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.max;
        for chunk in self.text.utf8_chunks() {
            for c in chunk.valid().chars() {
                if !take_one(&mut left) {
                    return f.write_char('…');
                }
                match c {
                    // `escape_debug` would escape the quotes as well.
                    '\'' | '"' => f.write_char(c)?,
                    _ => fmt::Display::fmt(&c.escape_debug(), f)?,
                }
            }
            for byte in chunk.invalid() {
                if !take_one(&mut left) {
                    return f.write_char('…');
                }
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

fn take_one(left: &mut usize) -> bool {
    let more = *left > 0;
    *left = left.saturating_sub(1);
    more
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    #[test]
    fn all_1_remote_text_is_shown_escaped_and_cut() {
        for (text, shown) in [
            ("", ""),
            ("mx: mail.example.com", "mx: mail.example.com"),
            ("it's \"quoted\"", "it's \"quoted\""),
            ("back\\slash", "back\\\\slash"),
            ("tab\tnul\0del\x7f", "tab\\tnul\\0del\\u{7f}"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("two\r\nlines", "two\\r\\nlines"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("grüße, 邮件", "grüße, 邮件"),
            ("Zalgo\u{301}\u{302}", "Zalgo\\u{301}\\u{302}"),
        ] {
            assert_eq!(escape(text).to_string(), shown);
        }
        let long = "x".repeat(SHOWN_MAX + 1);
        assert_eq!(escape(&long).to_string().chars().count(), SHOWN_MAX + 1);
        assert!(escape(&long).to_string().ends_with("x…"));
        assert_eq!(escape(&long[1..]).to_string(), long[1..]);
        assert_eq!(escape(b"\xff\xfe").at_most(1).to_string(), "\\xff…");
        assert_eq!(escape("ab").at_most(0).to_string(), "…");
    }

    #[test]
    fn all_1_no_bidi_or_invisible_mark_gets_through() {
        let marks = ['\u{61c}', '\u{ad}', '\u{feff}', '\u{2028}', '\u{2029}', '\u{180e}']
            .into_iter()
            .chain('\u{200b}'..='\u{200f}')
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2060}'..='\u{206f}')
            .chain('\u{e0000}'..='\u{e007f}')
            .chain('\u{0}'..='\u{1f}')
            .chain('\u{7f}'..='\u{9f}');
        for mark in marks {
            let shown = escape(&String::from(mark)).to_string();
            assert!(shown.starts_with('\\'), "{:x} is shown raw", u32::from(mark));
            assert!(shown.is_ascii());
        }
    }
}
