//! The forms in which a report travels (RFC 8460 §5.2): JSON, gzip, and a mail that has
//! either in it.
//!
//! [`unpack`] finds the JSON text in whatever was received, within bounds. It does not
//! read the JSON: that is `Report::from_json` (feature `json`), which also deals with a
//! byte order mark and white space around it. It builds no mail, and it authenticates
//! nothing: whoever takes mail from strangers looks at its DKIM signature first (§3).

mod clues;
mod deviation;
#[cfg(feature = "mail")]
mod entity;
mod error;
#[cfg(feature = "gzip")]
mod gzip;
mod limits;
mod look;
#[cfg(feature = "mail")]
mod mail;
mod mbox;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

pub use self::clues::{Claim, ClueSource, Clues};
pub use self::deviation::{MediaDeviation, MediaDeviationKind};
pub use self::error::{UnpackError, UnpackErrorKind};
#[cfg(feature = "gzip")]
pub use self::gzip::packed;
pub use self::limits::UnpackLimits;
use self::look::Look;
pub use self::mbox::split_mbox;
use crate::escape::escape;
use crate::reading::Deviations;

/// Finds the JSON text of a report, whatever form it travels in (RPT-7, MAIL-3).
///
/// The form is told by the content: the magic number of gzip (feature `gzip`), a header
/// field or an mbox line at the start (feature `mail`); anything else is taken for JSON,
/// so that its reader says what is wrong with it. JSON that was not packed is borrowed from
/// `octets`.
///
/// Of a mail it is the part that looks best, the first one of equals. Parts that begin
/// as gzip or JSON do come before those that do not, and among them come first those of one of
/// the two [media types](MediaType), then those of type `application/tlsrpt` or with the name
/// of a [report's file](crate::tlsrpt::filename), then those of type `application/json` or
/// `application/gzip` or with a name in `.json` or `.gz`, then all others. They may be
/// in any multipart, in a message within the message, and in base64 or quoted-printable;
/// types and names are read in any case. What a mail says about the report is that of the
/// message that has the part.
///
/// ```
/// use mta_sts::tlsrpt::media::{self, Form, UnpackLimits};
///
/// let unpacked = media::unpack(br#"{"policies":[]}"#, &UnpackLimits::default())?;
/// assert_eq!(unpacked.form(), Form::Json);
/// assert_eq!(unpacked.json(), br#"{"policies":[]}"#);
/// # Ok::<_, mta_sts::tlsrpt::media::UnpackError>(())
/// ```
///
/// # Errors
///
/// [`UnpackError`] says which limit is exceeded, what is damaged, or which feature is
/// missing.
pub fn unpack<'a, T: AsRef<[u8]> + ?Sized>(
    octets: &'a T,
    limits: &UnpackLimits,
) -> Result<Unpacked<'a>, UnpackError> {
    let octets = octets.as_ref();
    if octets.len() > limits.input() {
        let kind = UnpackErrorKind::InputTooLong { limit: limits.input(), len: octets.len() };
        return Err(UnpackError::new(kind));
    }
    let mut unpacked = match Look::of(octets) {
        Look::Mail => mailed(octets, limits)?,
        Look::Gzip | Look::Json => Unpacked::packed_or_not(Cow::Borrowed(octets)),
    };
    unpacked.open(limits)?;
    Ok(unpacked)
}

/// What [`unpack`] has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked<'a> {
    json: Cow<'a, [u8]>,
    form: Form,
    clues: Clues,
    deviations: Deviations<MediaDeviation>,
}

impl<'a> Unpacked<'a> {
    /// The JSON text, within the limit; whether it is one has not been looked at.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// The JSON text, borrowed from the input if nothing had to be undone.
    #[must_use]
    pub fn into_json(self) -> Cow<'a, [u8]> {
        self.json
    }

    /// The form in which it travelled.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// What the mail says about the report; nothing if there is no mail.
    #[must_use]
    pub const fn clues(&self) -> &Clues {
        &self.clues
    }

    /// What was odd about mail and gzip.
    #[must_use]
    pub const fn deviations(&self) -> &Deviations<MediaDeviation> {
        &self.deviations
    }

    /// Gzip or JSON, by what it looks like; [`open`](Self::open) is still to come.
    fn packed_or_not(content: Cow<'a, [u8]>) -> Self {
        let form = match Look::of(&content) {
            Look::Gzip => Form::Gzip,
            Look::Mail | Look::Json => Form::Json,
        };
        Self { json: content, form, clues: Clues::default(), deviations: Deviations::default() }
    }

    /// Undoes gzip.
    fn open(&mut self, limits: &UnpackLimits) -> Result<(), UnpackError> {
        if self.form.media_type() == MediaType::Gzip {
            let (json, members) = gunzipped(&self.json, limits)?;
            if members > 1 {
                let deviation = MediaDeviation::new(MediaDeviationKind::SeveralMembers);
                self.deviations.push(|| deviation.showing(&members.to_string()));
            }
            self.json = Cow::Owned(json);
        }
        match self.json.len() > limits.output() {
            true => {
                Err(UnpackError::new(UnpackErrorKind::OutputTooLong { limit: limits.output() }))
            }
            false => Ok(()),
        }
    }
}

#[cfg(feature = "gzip")]
fn gunzipped(octets: &[u8], limits: &UnpackLimits) -> Result<(Vec<u8>, usize), UnpackError> {
    gzip::unpacked(octets, limits)
}

#[cfg(not(feature = "gzip"))]
fn gunzipped(_: &[u8], _: &UnpackLimits) -> Result<(Vec<u8>, usize), UnpackError> {
    Err(UnpackError::new(UnpackErrorKind::Feature { feature: "gzip" }))
}

/// The report's part, not yet opened.
#[cfg(feature = "mail")]
fn mailed<'a>(octets: &'a [u8], limits: &UnpackLimits) -> Result<Unpacked<'a>, UnpackError> {
    let mail::Mailed { content, declared, clues, mut deviations } = mail::read(octets, limits)?;
    let unpacked = Unpacked::packed_or_not(content);
    let found = unpacked.form.media_type();
    if let Some(declared) = declared
        && declared != found
    {
        let deviation = MediaDeviation::new(MediaDeviationKind::ContentTypeDiffers);
        deviations.push(|| deviation.showing(declared.as_str()));
    }
    Ok(Unpacked { form: Form::Mail(found), clues, deviations, ..unpacked })
}

#[cfg(not(feature = "mail"))]
fn mailed<'a>(_: &'a [u8], _: &UnpackLimits) -> Result<Unpacked<'a>, UnpackError> {
    Err(UnpackError::new(UnpackErrorKind::Feature { feature: "mail" }))
}

/// The form in which a report travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// The JSON text itself.
    Json,
    /// Gzip, of one or several members.
    Gzip,
    /// A mail whose part has this in it, whatever is said about it.
    Mail(MediaType),
}

impl Form {
    /// What is in the file or the part.
    #[must_use]
    pub const fn media_type(self) -> MediaType {
        match self {
            Self::Json => MediaType::Json,
            Self::Gzip => MediaType::Gzip,
            Self::Mail(media_type) => media_type,
        }
    }
}

/// How the octets of a report are packed (RFC 8460 §5.2, §6.4, §6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8460 registers these two")]
pub enum MediaType {
    /// The JSON text as it is.
    Json,
    /// The JSON text in gzip.
    Gzip,
}

impl MediaType {
    /// Both types.
    pub const ALL: [Self; 2] = [Self::Json, Self::Gzip];

    /// The type as it stands in a `Content-Type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/tlsrpt+json",
            Self::Gzip => "application/tlsrpt+gzip",
        }
    }

    /// How the name of a file of this type ends, without the dot in front (§5.1).
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Gzip => "json.gz",
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// In any case; parameters are ignored.
///
/// ```
/// use mta_sts::tlsrpt::media::MediaType;
///
/// let media_type = "Application/TLSRPT+gzip; charset=utf-8".parse::<MediaType>()?;
/// assert_eq!(media_type, MediaType::Gzip);
/// # Ok::<_, mta_sts::tlsrpt::media::UnknownMediaType>(())
/// ```
impl FromStr for MediaType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        let essence = text.split(';').next().unwrap_or_default().trim_matches([' ', '\t']);
        Self::ALL
            .into_iter()
            .find(|one| one.as_str().eq_ignore_ascii_case(essence))
            .ok_or_else(|| UnknownMediaType { found: escape(text).to_string().into() })
    }
}

/// Why a text is no [`MediaType`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected application/tlsrpt+json or application/tlsrpt+gzip, found `{found}`")]
pub struct UnknownMediaType {
    found: Box<str>,
}

impl UnknownMediaType {
    /// The text, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}
