//! Mails in one file (RFC 4155).

use super::look::MBOX_FROM;

/// The messages of an mbox file in their order, each with the `From ` line that is in
/// front of it; what stands before the first such line is left out.
///
/// Such a line counts at the start of the file and behind an empty line. Lines that were
/// quoted (`>From `) stay so: a report has none. It copies nothing and reads each octet
/// once, as the iterator moves on.
///
/// ```
/// use mta_sts::tlsrpt::media;
///
/// let mbox = b"From a@example.com\nSubject: 1\n\n{}\n\nFrom b@example.com\nSubject: 2\n\n{}\n";
/// let messages: Vec<_> = media::split_mbox(mbox).collect();
/// assert_eq!(messages[1], b"From b@example.com\nSubject: 2\n\n{}\n");
/// assert_eq!(messages.len(), 2);
/// ```
pub fn split_mbox<T: AsRef<[u8]> + ?Sized>(mbox: &T) -> impl Iterator<Item = &[u8]> {
    Messages { rest: mbox.as_ref() }.skip_while(|message| !message.starts_with(MBOX_FROM))
}

struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut len: usize = 0;
        let mut behind_empty_line = false;
        for line in self.rest.split_inclusive(|&b| b == b'\n') {
            if behind_empty_line && line.starts_with(MBOX_FROM) {
                break;
            }
            behind_empty_line = matches!(line, b"\n" | b"\r\n");
            len = len.saturating_add(line.len());
        }
        let (message, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        (!message.is_empty()).then_some(message)
    }
}
