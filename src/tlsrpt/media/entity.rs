//! One part of a mail, or the mail itself: header, body, and what the header says of it
//! (RFC 2045).
//!
//! Fields, their parameters and the transfer encodings are read by mail-parser. The parts
//! of a multipart are found here: mail-parser looks for each end of a part in all that
//! follows, so that its time can grow with the square of the mail, and it takes
//! a boundary in the middle of a line for one.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, Header, HeaderValue, MessageParser};

use super::error::{UnpackError, UnpackErrorKind};

/// The octets that one header may have: what Postfix takes unless told otherwise
/// (`header_size_limit`).
pub(super) const MAX_HEADER_LEN: usize = 102_400;

/// The octets that a field may have to be taken apart; a longer one counts for none. File
/// names of 255 characters in pieces have less than half of it, and mail-parser's time
/// can grow with the square of a field.
const MAX_FIELD_LEN: usize = 8_192;

pub(super) struct Entity<'a> {
    header: &'a [u8],
    fields: Vec<Header<'a>>,
    content_type: Option<ContentType<'a>>,
    disposition: Option<ContentType<'a>>,
    pub(super) body: &'a [u8],
}

/// How the body is encoded for its way (RFC 2045 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `7bit`, `8bit`, `binary`, none, or one that nobody knows.
    Identity,
    QuotedPrintable,
    Base64,
}

impl<'a> Entity<'a> {
    pub(super) fn read(octets: &'a [u8], parser: &MessageParser) -> Result<Self, UnpackError> {
        let (header, body) = split_header(octets)?;
        let mut fields = Vec::new();
        MessageStream::new(header).parse_headers(parser, &mut fields);
        let mut entity = Self { header, fields, content_type: None, disposition: None, body };
        entity.content_type = entity.structured("Content-Type");
        entity.disposition = entity.structured("Content-Disposition");
        Ok(entity)
    }

    /// The parser for [`read`](Self::read): it finds the fields, and leaves their values as
    /// they are.
    pub(super) fn parser() -> MessageParser {
        // Without any name, it would take each field apart by its own.
        MessageParser::new().header_raw("Subject").default_header_raw()
    }

    pub(super) const fn header_len(&self) -> usize {
        self.header.len()
    }

    /// The first field of this name.
    fn field(&self, name: &str) -> Option<&Header<'a>> {
        self.fields.iter().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// The value of the first field of this name, without what is around it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.value().as_text().map(str::trim)
    }

    /// The value as it was written, folding included; empty if it is too long.
    pub(super) fn raw(&self, name: &str) -> &'a [u8] {
        let range = self.field(name).and_then(|field| {
            let start = usize::try_from(field.offset_start()).ok()?;
            let end = usize::try_from(field.offset_end()).ok()?;
            self.header.get(start..end)
        });
        range.filter(|value| value.len() <= MAX_FIELD_LEN).unwrap_or_default()
    }

    /// The value unfolded, and its encoded words decoded (RFC 2047).
    pub(super) fn decoded(&self, name: &str) -> Option<Cow<'a, str>> {
        MessageStream::new(self.raw(name)).parse_unstructured().into_text()
    }

    fn structured(&self, name: &str) -> Option<ContentType<'a>> {
        match MessageStream::new(self.raw(name)).parse_content_type() {
            HeaderValue::ContentType(value) => Some(value),
            _ => None,
        }
    }

    /// The media type in lower case without parameters; empty if there is none.
    pub(super) fn media_type(&self) -> String {
        self.content_type.as_ref().map_or_else(String::new, |content_type| {
            [content_type.ctype(), "/", content_type.subtype().unwrap_or_default()].concat()
        })
    }

    /// A parameter of the media type.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.content_type.as_ref()?.attribute(name)
    }

    pub(super) fn file_name(&self) -> Option<&str> {
        let disposition = self.disposition.as_ref();
        disposition.and_then(|it| it.attribute("filename")).or_else(|| self.parameter("name"))
    }

    pub(super) fn encoding(&self) -> Encoding {
        let name = self.text("Content-Transfer-Encoding").unwrap_or_default();
        match name {
            name if name.eq_ignore_ascii_case("base64") => Encoding::Base64,
            name if name.eq_ignore_ascii_case("quoted-printable") => Encoding::QuotedPrintable,
            _ => Encoding::Identity,
        }
    }

    /// The body, decoded.
    pub(super) fn content(&self) -> Result<Cow<'a, [u8]>, UnpackError> {
        let decoded = match self.encoding() {
            Encoding::Identity => return Ok(Cow::Borrowed(self.body)),
            Encoding::QuotedPrintable => quoted_printable_decode(self.body),
            Encoding::Base64 => base64_decode(self.body),
        };
        decoded.map(Cow::Owned).ok_or_else(|| UnpackError::new(UnpackErrorKind::TransferEncoding))
    }

    /// The bodies of a multipart; none if it is no multipart, or its boundary does not
    /// occur.
    pub(super) fn parts(&self) -> Option<Parts<'a, '_>> {
        let boundary = self.parameter("boundary").filter(|boundary| !boundary.is_empty());
        let boundary = boundary.filter(|_| self.media_type().starts_with("multipart/"))?;
        Parts::new(self.body, boundary.as_bytes())
    }
}

/// The header with the empty line that ends it, and the body.
fn split_header(octets: &[u8]) -> Result<(&[u8], &[u8]), UnpackError> {
    let mut len: usize = 0;
    for line in octets.split_inclusive(|&b| b == b'\n') {
        len = len.saturating_add(line.len());
        if len > MAX_HEADER_LEN {
            let kind = UnpackErrorKind::HeaderTooLong { limit: MAX_HEADER_LEN };
            return Err(UnpackError::new(kind));
        }
        if is_line_end(line) {
            break;
        }
    }
    Ok(octets.split_at_checked(len).unwrap_or((octets, b"")))
}

/// The parts of a multipart (RFC 2046 §5.1.1); the last one may lack its end.
pub(super) struct Parts<'a, 'b> {
    boundary: &'b [u8],
    /// What follows the delimiter of the next part.
    rest: Option<&'a [u8]>,
}

impl<'a, 'b> Parts<'a, 'b> {
    fn new(body: &'a [u8], boundary: &'b [u8]) -> Option<Self> {
        let (_, rest) = split_at_delimiter(body, boundary)?;
        Some(Self { boundary, rest })
    }
}

impl<'a> Iterator for Parts<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let all = self.rest.take()?;
        let (part, rest) = split_at_delimiter(all, self.boundary).unwrap_or((all, None));
        self.rest = rest;
        Some(part)
    }
}

/// What stands before the next delimiter and the line end that belongs to it, and what
/// stands behind; nothing stands behind the last delimiter.
fn split_at_delimiter<'a>(
    octets: &'a [u8],
    boundary: &[u8],
) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let mut start: usize = 0;
    for line in octets.split_inclusive(|&b| b == b'\n') {
        let end = start.saturating_add(line.len());
        if let Some(is_last) = delimiter(line, boundary) {
            let before = without_line_end(octets.get(..start)?);
            return Some((before, octets.get(end..).filter(|_| !is_last)));
        }
        start = end;
    }
    None
}

/// Whether the line is a delimiter, and if so, whether it is the last one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let behind = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match behind {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn is_line_end(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}
