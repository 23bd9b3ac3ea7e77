//! Octets in JSON: as text where they are UTF-8, else in hexadecimal.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{ReadObservationsError, ReadObservationsErrorKind};

/// Octets that mostly are text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Octets {
    Text(String),
    Hex { hex: String },
}

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        match str::from_utf8(octets) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Hex { hex: encode(octets) },
        }
    }
}

impl TryFrom<Octets> for Vec<u8> {
    type Error = ReadObservationsError;

    fn try_from(octets: Octets) -> Result<Self, ReadObservationsError> {
        match octets {
            Octets::Text(text) => Ok(text.into_bytes()),
            Octets::Hex { hex } => decode(&hex),
        }
    }
}

/// Two lower-case digits for each octet.
pub(super) fn encode(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0xf)]).collect()
}

/// The octets of such digits, in either case.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, ReadObservationsError> {
    let error = || ReadObservationsError::remote(ReadObservationsErrorKind::Hex, text);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(error());
    }
    pairs.iter().map(|[high, low]| octet(*high, *low).ok_or_else(error)).collect()
}

fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    Some((digit(high)? << 4) | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)).unwrap(), all);
        assert_eq!(encode(&[0x0f, 0xa0]), "0fa0");
        assert_eq!(decode("0FA0").unwrap(), [0x0f, 0xa0]);
        for wrong in ["0", "0g", "+1", "0x", "ü"] {
            let error = decode(wrong).unwrap_err();
            assert_eq!(error.kind(), ReadObservationsErrorKind::Hex, "{wrong}");
        }
    }
}
