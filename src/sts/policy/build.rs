//! Building a policy that is to be published.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::grammar::ext_value;
use super::{FIELD_NAMES, MAX_MX, MaxAge, Mode, ParsePolicyError, Policy, VERSION, shown};
use crate::reading::Reading;
use crate::sts::mx::{MxPattern, ParseMxError};
use crate::syntax;

/// Builds a [`Policy`] that is to be published, and refuses what should not be.
///
/// ```
/// use mta_sts::sts::{MaxAge, Mode, Policy};
///
/// let policy = Policy::builder(Mode::Testing)
///     .mx("mail.example.com")?
///     .mx("*.example.net")?
///     .max_age(MaxAge::from_secs(86_400)?)
///     .build()?;
/// assert_eq!(
///     policy.as_str(),
///     "version: STSv1\nmode: testing\nmx: mail.example.com\nmx: *.example.net\nmax_age: 86400\n",
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PolicyBuilder {
    mode: Mode,
    max_age: Option<MaxAge>,
    mx: Vec<String>,
    extensions: Vec<(String, String)>,
}

impl PolicyBuilder {
    pub(super) const fn new(mode: Mode) -> Self {
        Self { mode, max_age: None, mx: Vec::new(), extensions: Vec::new() }
    }

    /// Sets how long the policy may be applied. RFC 8461 §3.2 recommends weeks or
    /// more for a policy that is to protect.
    pub const fn max_age(mut self, max_age: MaxAge) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Adds a pattern; it is written in lower case.
    ///
    /// # Errors
    ///
    /// If the text is no pattern, or an address, which no host would ever match.
    pub fn mx(mut self, pattern: &str) -> Result<Self, BuildPolicyError> {
        let parsed = MxPattern::parse(pattern).map_err(BuildPolicyError::Mx)?;
        if parsed.is_address() {
            return Err(BuildPolicyError::AddressMx { found: shown(pattern) });
        }
        if self.mx.len() >= MAX_MX {
            return Err(BuildPolicyError::TooManyMx);
        }
        self.mx.push(pattern.to_ascii_lowercase());
        Ok(self)
    }

    /// Adds an extension.
    ///
    /// # Errors
    ///
    /// If the name or the value breaks the grammar, or the name is that of a known
    /// field.
    pub fn extension(mut self, name: &str, value: &str) -> Result<Self, BuildPolicyError> {
        let is_name = matches!(syntax::field_name(name.as_bytes()), Ok(([], _)));
        if !is_name || FIELD_NAMES.contains(&name) {
            return Err(BuildPolicyError::ExtensionName { found: shown(name) });
        }
        let is_trimmed = value.trim_matches(syntax::is_blank) == value;
        if !is_trimmed || !matches!(ext_value(value.as_bytes()), Some([])) {
            return Err(BuildPolicyError::ExtensionValue { found: shown(value) });
        }
        self.extensions.push((name.to_string(), value.to_string()));
        Ok(self)
    }

    /// The policy, whose text is the body to publish: UTF-8, LF after each line.
    ///
    /// # Errors
    ///
    /// If there is no `max_age` or one above the maximum, if there is no pattern
    /// although the mode is not `none`, or if the text is too large.
    pub fn build(self) -> Result<Policy, BuildPolicyError> {
        let max_age = self.max_age.ok_or(BuildPolicyError::MissingMaxAge)?;
        if max_age.declared_secs() > MaxAge::MAX.declared_secs() {
            return Err(BuildPolicyError::MaxAge { declared: max_age.declared_secs() });
        }
        if self.mx.is_empty() && self.mode != Mode::None {
            return Err(BuildPolicyError::MissingMx);
        }
        let mut body = alloc::format!("version: {VERSION}\nmode: {}\n", self.mode);
        for mx in &self.mx {
            let _ = writeln!(body, "mx: {mx}");
        }
        let _ = writeln!(body, "max_age: {max_age}");
        for (name, value) in &self.extensions {
            let _ = writeln!(body, "{name}: {value}");
        }
        let (policy, _) =
            Policy::parse(&body, Reading::Strict).map_err(BuildPolicyError::Refused)?;
        Ok(policy)
    }
}

/// Why a policy must not be published like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildPolicyError {
    /// The text is no pattern.
    #[error("not an `mx` pattern")]
    Mx(#[source] ParseMxError),
    /// The pattern is an IPv4 address, which no host matches.
    #[error("expected a host name, found the address `{found}`, which no MX host matches")]
    AddressMx {
        /// The pattern.
        found: Box<str>,
    },
    /// There are more than [`MAX_MX`] patterns.
    #[error("expected at most {MAX_MX} `mx` patterns")]
    TooManyMx,
    /// No pattern was given, and the mode is not `none`.
    #[error("expected an `mx` pattern, since the mode is not `none`")]
    MissingMx,
    /// No `max_age` was given.
    #[error("expected a `max_age`")]
    MissingMaxAge,
    /// The `max_age` is above the maximum.
    #[error("expected a `max_age` of at most 31557600 seconds, found {declared}")]
    MaxAge {
        /// The seconds that were given.
        declared: u64,
    },
    /// The name breaks the grammar, or is a known field's.
    #[error("expected the name of an extension, found `{found}`")]
    ExtensionName {
        /// The name, [escaped](crate::escape).
        found: Box<str>,
    },
    /// The value is empty, has white space at its ends, or has controls.
    #[error(
        "expected a value without control characters and white space at its ends, found `{found}`"
    )]
    ExtensionValue {
        /// The value, [escaped](crate::escape).
        found: Box<str>,
    },
    /// The text is refused as a whole: it is larger than
    /// [`MAX_BODY_LEN`](super::MAX_BODY_LEN).
    #[error("the policy as a whole is refused")]
    Refused(#[source] ParsePolicyError),
}
