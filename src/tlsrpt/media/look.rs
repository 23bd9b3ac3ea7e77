//! What octets look like, by how they begin.

/// How a gzip member begins (RFC 1952 §2.3.1).
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The octets that the name of a header field may have for its line to be taken for the
/// first one of a mail: more than twice the longest name in use.
const MAX_FIELD_NAME_LEN: usize = 80;

/// How the line begins that an mbox has in front of each message.
pub(super) const MBOX_FROM: &[u8] = b"From ";

/// What octets look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The magic number of gzip.
    Gzip,
    /// A header field or an mbox line, as mails begin.
    Mail,
    /// Anything else, so that the reader of JSON says what is wrong with it.
    Json,
}

impl Look {
    pub(super) fn of(octets: &[u8]) -> Self {
        let text = without_blanks(octets);
        if octets.starts_with(&GZIP_MAGIC) {
            Self::Gzip
        } else if text.starts_with(MBOX_FROM) || begins_with_field(text) {
            Self::Mail
        } else {
            Self::Json
        }
    }
}

/// Whether it is gzip, or begins as a JSON object does.
#[cfg(feature = "mail")]
pub(super) fn like_a_report(octets: &[u8]) -> bool {
    octets.starts_with(&GZIP_MAGIC) || without_blanks(octets).starts_with(b"{")
}

/// The octets behind a byte order mark and white space.
pub(super) fn without_blanks(octets: &[u8]) -> &[u8] {
    octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets).trim_ascii_start()
}

/// A name of letters, digits, `-` and `_`, blanks perhaps, and a colon.
fn begins_with_field(text: &[u8]) -> bool {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"-_".contains(b);
    let len = text.iter().take_while(|b| is_name(b)).count();
    let mut behind = text.iter().skip(len).skip_while(|b| b" \t".contains(b));
    (1..=MAX_FIELD_NAME_LEN).contains(&len) && behind.next() == Some(&b':')
}
