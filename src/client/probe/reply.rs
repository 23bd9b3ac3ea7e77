//! SMTP replies (RFC 5321 §4.2), read without I/O.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use nom::branch::alt;
use nom::bytes::complete::{take_while, take_while_m_n};
use nom::character::complete::char;
use nom::combinator::{all_consuming, eof, value, verify};
use nom::sequence::pair;
use nom::{IResult, Parser as _};

/// How many octets a line may have, code and CR LF included. RFC 5321 §4.5.3.1.5 has 512;
/// extensions and verbose hosts have more.
pub const MAX_REPLY_LINE_LEN: usize = 2_048;

/// How many lines a reply may have. EHLO brings some twenty at the most.
pub const MAX_REPLY_LINES: usize = 128;

/// A reply: a code and one line of text or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    lines: Vec<String>,
}

/// What the first digit of a code says (RFC 5321 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// 2xx or 3xx.
    Positive,
    /// 4xx.
    Transient,
    /// 5xx.
    Permanent,
}

impl Reply {
    pub(super) const fn code(&self) -> u16 {
        self.code
    }

    pub(super) const fn severity(&self) -> Severity {
        match self.code {
            400..=499 => Severity::Transient,
            500..=599 => Severity::Permanent,
            _ => Severity::Positive,
        }
    }

    /// The texts, without codes; octets that are not UTF-8 replaced.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether a line but the first is this keyword, alone or with parameters
    /// (RFC 5321 §4.1.1.1; keywords are case-insensitive, §2.4).
    pub(super) fn has_extension(&self, keyword: &str) -> bool {
        let mut words = self.lines.iter().skip(1).filter_map(|line| line.split([' ', '\t']).next());
        words.any(|word| word.eq_ignore_ascii_case(keyword))
    }
}

/// The octets are not one SMTP reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A line is not a code from 200 to 599, a hyphen or a space with text or nothing, CR
    /// and LF. There is no CR, LF or NUL in the text.
    #[error("expected a line of an SMTP reply, found something else")]
    Syntax,
    /// The lines of a reply have different codes (RFC 5321 §4.2.1).
    #[error("expected one code in all lines of an SMTP reply, found several")]
    Codes,
    /// A line is longer than [`MAX_REPLY_LINE_LEN`].
    #[error("expected a line of at most {MAX_REPLY_LINE_LEN} octets, found a longer one")]
    LineTooLong,
    /// A reply has more lines than [`MAX_REPLY_LINES`].
    #[error("expected a reply of at most {MAX_REPLY_LINES} lines, found more")]
    TooManyLines,
    /// There is more behind the reply, before the next command was sent.
    #[error("expected one SMTP reply, found more behind it")]
    Unasked,
}

/// Reads replies from octets that come in any pieces.
#[derive(Debug, Default)]
pub(super) struct ReplyReader {
    /// What has come since the last whole line.
    buffer: Vec<u8>,
    /// How many octets of it were searched for LF.
    searched: usize,
    partial: Option<Reply>,
}

impl ReplyReader {
    /// Takes octets.
    pub(super) fn handle_octets(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next reply, if it is there as a whole.
    pub(super) fn poll_reply(&mut self) -> Result<Option<Reply>, ReplyError> {
        while let Some(line) = self.next_line()? {
            let (end, code, text) = reply_line(&line).map_err(|_| ReplyError::Syntax)?.1;
            let reply = self.partial.get_or_insert_with(|| Reply { code, lines: Vec::new() });
            if reply.code != code {
                return Err(ReplyError::Codes);
            }
            if reply.lines.len() >= MAX_REPLY_LINES {
                return Err(ReplyError::TooManyLines);
            }
            reply.lines.push(String::from_utf8_lossy(text).into_owned());
            if end == End::Last {
                return Ok(mem::take(&mut self.partial));
            }
        }
        Ok(None)
    }

    /// Whether nothing has come behind the last reply.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.partial.is_none()
    }

    /// The next line, without its LF.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, ReplyError> {
        let unsearched = self.buffer.get(self.searched..).unwrap_or(&[]);
        let found = unsearched.iter().position(|octet| *octet == b'\n');
        let len = found.map_or(self.buffer.len(), |at| self.searched.saturating_add(at));
        if len >= MAX_REPLY_LINE_LEN {
            return Err(ReplyError::LineTooLong);
        }
        self.searched = if found.is_some() { 0 } else { len };
        Ok(found.map(|_| {
            let rest = self.buffer.split_off(len.saturating_add(1));
            let mut line = mem::replace(&mut self.buffer, rest);
            line.truncate(len);
            line
        }))
    }
}

/// Whether a line is the last of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    More,
    Last,
}

/// `Reply-line` of RFC 5321 §4.2 without its LF. The second digit may be any; a code
/// alone is the last line, as §4.2 asks clients to take it.
fn reply_line(line: &[u8]) -> IResult<&[u8], (End, u16, &[u8])> {
    let separator = alt((
        value(End::More, char('-')),
        value(End::Last, char(' ')),
        value(End::Last, nom::combinator::peek(char('\r'))),
    ));
    let text = take_while(|octet: u8| !matches!(octet, b'\r' | b'\n' | 0));
    let (rest, (code, separator, text, _)) =
        all_consuming((code, separator, text, pair(char('\r'), eof))).parse(line)?;
    Ok((rest, (separator, code, text)))
}

fn code(line: &[u8]) -> IResult<&[u8], u16> {
    let digits = take_while_m_n(3, 3, |octet: u8| octet.is_ascii_digit());
    let number = digits.map(|digits: &[u8]| {
        digits.iter().fold(0_u16, |number, digit| {
            number.saturating_mul(10).saturating_add(u16::from(digit.saturating_sub(b'0')))
        })
    });
    verify(number, |number| (200..=599).contains(number)).parse(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    /// All replies in these octets, which come in pieces of this size, and what is left.
    fn read(octets: &[u8], size: usize) -> (Vec<Reply>, Result<bool, ReplyError>) {
        let (mut reader, mut replies) = (ReplyReader::default(), Vec::new());
        for piece in octets.chunks(size) {
            reader.handle_octets(piece);
            loop {
                match reader.poll_reply() {
                    Ok(Some(reply)) => replies.push(reply),
                    Ok(None) => break,
                    Err(error) => return (replies, Err(error)),
                }
            }
        }
        (replies, Ok(reader.is_empty()))
    }

    #[track_caller]
    fn one(octets: &[u8]) -> Reply {
        let (replies, rest) = read(octets, usize::MAX);
        assert_eq!((replies.len(), rest), (1, Ok(true)));
        replies.into_iter().next().unwrap()
    }

    #[test]
    fn replies_are_read() {
        for (octets, code, lines) in [
            (&b"220 mx.example.com ESMTP\r\n"[..], 220, &["mx.example.com ESMTP"][..]),
            (b"220 \r\n", 220, &[""]),
            (b"250\r\n", 250, &[""]),
            (b"250-\r\n250-a\r\n250 b\r\n", 250, &["", "a", "b"]),
            (b"250-a\r\n250\r\n", 250, &["a", ""]),
            (b"599 \t- x\r\n", 599, &["\t- x"]),
            (b"270 caf\xe9\r\n", 270, &["caf\u{fffd}"]),
        ] {
            let reply = one(octets);
            assert_eq!(reply.code(), code);
            assert_eq!(reply.lines(), lines);
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        let long = |len: usize| {
            let mut line = b"220 ".to_vec();
            line.resize(len.saturating_sub(2), b'x');
            line.extend(b"\r\n");
            line
        };
        let lines = |count: usize| [b"220-x\r\n".repeat(count), b"220 x\r\n".to_vec()].concat();
        for (octets, error) in [
            (b"220 bare LF\n".to_vec(), ReplyError::Syntax),
            (b"220 CR\rin it\r\n".to_vec(), ReplyError::Syntax),
            (b"220 CR CR\r\r\n".to_vec(), ReplyError::Syntax),
            (b"220 \0\r\n".to_vec(), ReplyError::Syntax),
            (b"\r\n".to_vec(), ReplyError::Syntax),
            (b"22\r\n".to_vec(), ReplyError::Syntax),
            (b"2200\r\n".to_vec(), ReplyError::Syntax),
            (b"220:x\r\n".to_vec(), ReplyError::Syntax),
            (b" 220 x\r\n".to_vec(), ReplyError::Syntax),
            (b"199 x\r\n".to_vec(), ReplyError::Syntax),
            (b"600 x\r\n".to_vec(), ReplyError::Syntax),
            (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), ReplyError::Syntax),
            (b"\x15\x03\x01\x00\x02\x02\x0a\n".to_vec(), ReplyError::Syntax),
            (b"250-a\r\n251 b\r\n".to_vec(), ReplyError::Codes),
            (long(MAX_REPLY_LINE_LEN + 1), ReplyError::LineTooLong),
            (vec![b'x'; MAX_REPLY_LINE_LEN], ReplyError::LineTooLong),
            (lines(MAX_REPLY_LINES), ReplyError::TooManyLines),
        ] {
            for size in [1, 7, usize::MAX] {
                assert_eq!(read(&octets, size), (vec![], Err(error)));
            }
        }
        assert_eq!(one(&long(MAX_REPLY_LINE_LEN)).lines()[0].len(), MAX_REPLY_LINE_LEN - 6);
        assert_eq!(one(&lines(MAX_REPLY_LINES - 1)).lines().len(), MAX_REPLY_LINES);
    }

    #[test]
    fn what_is_behind_a_reply_is_seen() {
        for octets in [&b"220 go\r\n220 x"[..], b"220 go\r\n\x16", b"220 go\r\n220-x\r\n"] {
            let (replies, rest) = read(octets, 3);
            assert_eq!((replies.len(), rest), (1, Ok(false)));
        }
    }

    #[test]
    fn extensions_are_keywords_in_lines_but_the_first() {
        for (octets, has) in [
            (&b"250-mx\r\n250 STARTTLS\r\n"[..], true),
            (b"250-mx\r\n250 starttls\r\n", true),
            (b"250-mx\r\n250 STARTTLS with parameters\r\n", true),
            (b"250-mx\r\n250-STARTTLS\r\n250 SIZE\r\n", true),
            (b"250-STARTTLS\r\n250 SIZE\r\n", false),
            (b"250 STARTTLS\r\n", false),
            (b"250-mx\r\n250 STARTTLSX\r\n", false),
            (b"250-mx\r\n250 XSTARTTLS\r\n", false),
            (b"250-mx\r\n250  STARTTLS\r\n", false),
            (b"250-mx\r\n250 AUTH STARTTLS\r\n", false),
        ] {
            assert_eq!(one(octets).has_extension("STARTTLS"), has);
        }
    }

    #[test]
    fn errors_say_what_was_expected_and_found() {
        assert_eq!(
            ReplyError::LineTooLong.to_string(),
            "expected a line of at most 2048 octets, found a longer one"
        );
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            octets in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "([2-5]5[0-9][- ][ -~]{0,9}\r\n){0,9}".prop_map(String::into_bytes),
            ],
            size in 1_usize..40,
        ) {
            prop_assert_eq!(read(&octets, size), read(&octets, usize::MAX));
        }
    }
}
