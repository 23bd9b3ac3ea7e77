//! Reports in gzip (RFC 8460 §5.2; RFC 1952).

use alloc::string::ToString as _;
use alloc::vec::Vec;
use std::io::{self, ErrorKind, Read, Write as _};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::error::{UnpackError, UnpackErrorKind};
use super::limits::UnpackLimits;
use super::look::GZIP_MAGIC;

/// The octets for which room is made first, twice as many each time: most reports have
/// less than this.
const FIRST_STEP: usize = 16 << 10;

/// What the members of a gzip hold, one after the other, and how many there are.
pub(super) fn unpacked(
    gzip: &[u8],
    limits: &UnpackLimits,
) -> Result<(Vec<u8>, usize), UnpackError> {
    let mut json = Vec::new();
    let mut members: usize = 0;
    let mut rest = gzip;
    while !rest.is_empty() {
        let offset = gzip.len().saturating_sub(rest.len());
        if !rest.starts_with(&GZIP_MAGIC) {
            return Err(UnpackError::new(UnpackErrorKind::TrailingOctets).at(offset, rest));
        }
        if members == limits.members() {
            let kind = UnpackErrorKind::TooManyMembers { limit: limits.members() };
            return Err(UnpackError::new(kind).at(offset, ""));
        }
        let mut member = GzDecoder::new(rest);
        match read_within(&mut member, &mut json, limits.output()) {
            Ok(true) => rest = member.into_inner(),
            Ok(false) => return Err(too_long(limits.output())),
            Err(error) => return Err(of_io(&error, offset)),
        }
        members = members.saturating_add(1);
    }
    Ok((json, members))
}

/// Reads to the end, or to the first octet that `json` may not have any more, and says
/// which.
///
/// Room is made in steps, so that there is never much more of it than the limit.
fn read_within(member: &mut impl Read, json: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    while json.len() <= limit {
        let left = limit.saturating_add(1).saturating_sub(json.len());
        let step = json.len().max(FIRST_STEP).min(left);
        json.reserve_exact(step);
        let taken = u64::try_from(step).unwrap_or(u64::MAX);
        if member.by_ref().take(taken).read_to_end(json)? < step {
            return Ok(true);
        }
    }
    Ok(false)
}

fn too_long(limit: usize) -> UnpackError {
    UnpackError::new(UnpackErrorKind::OutputTooLong { limit })
}

fn of_io(error: &io::Error, offset: usize) -> UnpackError {
    match error.kind() {
        ErrorKind::UnexpectedEof => UnpackError::new(UnpackErrorKind::Truncated).at(offset, ""),
        _ => UnpackError::new(UnpackErrorKind::Damaged).at(offset, &error.to_string()),
    }
}

/// A report's JSON text in gzip, the form in which reports are sent by default
/// (RFC 8460 §5.2): one member, without a time or a name in it, so that the same text is
/// always packed to the same octets by one version of the compressor.
///
/// ```
/// use mta_sts::tlsrpt::media::{self, UnpackLimits};
///
/// let packed = media::packed(br#"{"policies":[]}"#);
/// let unpacked = media::unpack(&packed, &UnpackLimits::default())?;
/// assert_eq!(unpacked.json(), br#"{"policies":[]}"#);
/// # Ok::<_, mta_sts::tlsrpt::media::UnpackError>(())
/// ```
///
/// # Panics
///
/// Never: nothing that writes into memory fails.
#[must_use]
pub fn packed<T: AsRef<[u8]> + ?Sized>(json: &T) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(json.as_ref())
        .and_then(|()| encoder.finish())
        .expect("a vector takes all octets")
}
