//! What came of connecting to an MX host.

use serde::{Deserialize, Serialize};

use super::super::ReadObservationsError;
use super::server::FailureForm;
use crate::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};

#[derive(Serialize, Deserialize)]
#[serde(tag = "tls", rename_all = "kebab-case")]
pub(super) enum OutcomeForm {
    Unreachable,
    Deferred,
    NotOffered,
    Refused,
    #[serde(rename = "starttls-deferred")]
    StartTlsDeferred,
    HandshakeFailed(FailureForm),
    Established(SessionForm),
}

#[derive(Serialize, Deserialize)]
pub(super) struct SessionForm {
    #[serde(default, skip_serializing_if = "is_false")]
    older: bool,
    webpki: CheckedForm,
    dane: CheckedForm,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum CheckedForm {
    Plain(PlainForm),
    Invalid(FailureForm),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PlainForm {
    No,
    Valid,
}

impl From<TlsOutcome> for OutcomeForm {
    fn from(outcome: TlsOutcome) -> Self {
        match outcome {
            TlsOutcome::Unreachable => Self::Unreachable,
            TlsOutcome::Deferred => Self::Deferred,
            TlsOutcome::NotOffered => Self::NotOffered,
            TlsOutcome::Refused => Self::Refused,
            TlsOutcome::StartTlsDeferred => Self::StartTlsDeferred,
            TlsOutcome::HandshakeFailed(failure) => Self::HandshakeFailed(failure.into()),
            TlsOutcome::Established(session) => Self::Established(SessionForm {
                older: session.version() == TlsVersion::Older,
                webpki: session.webpki().into(),
                dane: session.dane().into(),
            }),
        }
    }
}

impl TryFrom<OutcomeForm> for TlsOutcome {
    type Error = ReadObservationsError;

    fn try_from(form: OutcomeForm) -> Result<Self, ReadObservationsError> {
        Ok(match form {
            OutcomeForm::Unreachable => Self::Unreachable,
            OutcomeForm::Deferred => Self::Deferred,
            OutcomeForm::NotOffered => Self::NotOffered,
            OutcomeForm::Refused => Self::Refused,
            OutcomeForm::StartTlsDeferred => Self::StartTlsDeferred,
            OutcomeForm::HandshakeFailed(failure) => Self::HandshakeFailed(failure.try_into()?),
            OutcomeForm::Established(session) => {
                let version = match session.older {
                    true => TlsVersion::Older,
                    false => TlsVersion::Tls12OrLater,
                };
                let webpki = session.webpki.try_into()?;
                let dane = session.dane.try_into()?;
                Self::Established(Session::new(version).with_webpki(webpki).with_dane(dane))
            }
        })
    }
}

impl From<Checked> for CheckedForm {
    fn from(checked: Checked) -> Self {
        match checked {
            Checked::No => Self::Plain(PlainForm::No),
            Checked::Valid => Self::Plain(PlainForm::Valid),
            Checked::Invalid(failure) => Self::Invalid(failure.into()),
        }
    }
}

impl TryFrom<CheckedForm> for Checked {
    type Error = ReadObservationsError;

    fn try_from(form: CheckedForm) -> Result<Self, ReadObservationsError> {
        Ok(match form {
            CheckedForm::Plain(PlainForm::No) => Self::No,
            CheckedForm::Plain(PlainForm::Valid) => Self::Valid,
            CheckedForm::Invalid(failure) => Self::Invalid(failure.try_into()?),
        })
    }
}
