//! The bound for `StsRecord::parse`: the grammar of RFC 8461 §3.1 as one loop over
//! the octets, written by hand.
//!
//! It accepts what the parser accepts and yields the same `id` in place, but keeps
//! nothing else and cannot say what is wrong.

/// An `id`, in place: its octets with zeros behind them, and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id {
    octets: [u8; Self::MAX_LEN],
    len: u8,
}

impl Id {
    const MAX_LEN: usize = 32;

    /// The 1 to 32 letters and digits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

/// The `id` of an `_mta-sts` record, or `None` if the text is no such record.
#[must_use]
pub fn parse(text: &[u8]) -> Option<Id> {
    const VERSION: &[u8] = b"v=STSv1";
    if !text.starts_with(VERSION) {
        return None;
    }
    let mut at = VERSION.len();
    let mut id = None;
    loop {
        // sts-field-delim = *WSP ";" *WSP
        let field_end = at;
        at = skip_wsp(text, at);
        if at == text.len() {
            return if field_end == at { id } else { None };
        }
        if text[at] != b';' {
            return None;
        }
        at = skip_wsp(text, at + 1);
        if at == text.len() {
            return id;
        }
        // sts-ext-name "="
        let name = at;
        while at < text.len() && is_name(text[at]) {
            at += 1;
        }
        let fits = (1..=32).contains(&(at - name)) && text[name].is_ascii_alphanumeric();
        if !fits || at == text.len() || text[at] != b'=' {
            return None;
        }
        let is_id = &text[name..at] == b"id";
        at += 1;
        if is_id && id.is_none() {
            // 1*32(ALPHA / DIGIT), up to what ends a field
            let mut first = Id { octets: [0; Id::MAX_LEN], len: 0 };
            while at < text.len() && text[at].is_ascii_alphanumeric() {
                *first.octets.get_mut(usize::from(first.len))? = text[at];
                first.len += 1;
                at += 1;
            }
            if first.len == 0 {
                return None;
            }
            id = Some(first);
        } else {
            // sts-ext-value
            let value = at;
            while at < text.len() && is_value(text[at]) {
                at += 1;
            }
            if at == value {
                return None;
            }
        }
    }
}

fn skip_wsp(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && matches!(text[at], b' ' | b'\t') {
        at += 1;
    }
    at
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_value(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'=' | b';')
}

#[cfg(test)]
mod tests {
    use mta_sts::sts::StsRecord;

    use super::parse;
    use crate::inputs;

    /// The loop is a bound only if it does what the parser does.
    #[track_caller]
    fn agrees(text: &[u8]) {
        let ours = StsRecord::parse(text).ok().map(|record| record.id());
        let loops = parse(text);
        assert_eq!(
            ours.as_ref().map(|id| id.as_str().as_bytes()),
            loops.as_ref().map(|id| id.as_bytes()),
            "{}",
            text.escape_ascii()
        );
    }

    #[test]
    fn agrees_with_the_parser_on_the_inputs() {
        inputs::sts_records().iter().for_each(|input| agrees(input.text.as_bytes()));
    }

    /// Every octet at every place of some records: replaced, inserted, left out.
    #[test]
    fn agrees_with_the_parser_on_every_small_change() {
        let id = "a".repeat(32);
        for record in [
            inputs::STS_RECORD,
            "v=STSv1 ;\tid=1 ; id=- ;v=x;a.b-c_d=!~<>",
            "v=STSv1;id",
            &format!("v=STSv1;{id}=1;id={id}"),
        ] {
            let record = record.as_bytes();
            for at in 0..=record.len() {
                let (head, tail) = record.split_at(at);
                for octet in 0..=u8::MAX {
                    agrees(&[head, &[octet], tail].concat());
                    if let Some((_, tail)) = tail.split_first() {
                        agrees(&[head, &[octet], tail].concat());
                    }
                }
                agrees(head);
                agrees(tail);
                agrees(&[head, tail.get(1..).unwrap_or_default()].concat());
            }
        }
    }
}
