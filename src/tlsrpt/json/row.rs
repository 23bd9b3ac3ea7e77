//! A row: sessions that failed in the same way.

use alloc::borrow::Cow;

use serde::de::{Error, MapAccess};

use super::address::is_address;
use super::deviation::ReportDeviationKind as Kind;
use super::member::Member;
use super::object::{Read, Seen, reported, text};
use super::value::{At, Count};
use crate::failure::ResultType;
use crate::tlsrpt::report::{FailureDetails, UnknownMembers};

impl<'de> Read<'de> for FailureDetails<'de> {
    const WANTED: &'static [Member] = &[
        Member::ResultType,
        Member::SendingMtaIp,
        Member::ReceivingMxHostname,
        Member::ReceivingIp,
        Member::FailedSessionCount,
    ];

    fn empty() -> Self {
        Self::default()
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "result-type" => Member::ResultType,
            "sending-mta-ip" => Member::SendingMtaIp,
            "receiving-mx-hostname" => Member::ReceivingMxHostname,
            "receiving-mx-helo" => Member::ReceivingMxHelo,
            "receiving-ip" => Member::ReceivingIp,
            "failed-session-count" => Member::FailedSessionCount,
            "additional-information" => Member::AdditionalInformation,
            "failure-reason-code" => Member::FailureReasonCode,
            _ => return None,
        })
    }

    fn alias(name: &str) -> Option<Member> {
        Some(match name {
            "receiving-mx-host-name" => Member::ReceivingMxHostname,
            "additional-info-uri" => Member::AdditionalInformation,
            "failure-error-code" => Member::FailureReasonCode,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::FailedSessionCount => {
                self.failed_session_count = value.next_value_seed(Count(at))?;
            }
            Member::ResultType => {
                self.result_type = reported(value, at, result_type)?;
            }
            Member::SendingMtaIp => address(value, at, &mut self.sending_mta_ip)?,
            Member::ReceivingIp => address(value, at, &mut self.receiving_ip)?,
            Member::ReceivingMxHostname => text(value, at, &mut self.receiving_mx_hostname)?,
            Member::ReceivingMxHelo => text(value, at, &mut self.receiving_mx_helo)?,
            Member::AdditionalInformation => text(value, at, &mut self.additional_information)?,
            _ => text(value, at, &mut self.failure_reason_code)?,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, _: Seen, _: At<'_>) -> Result<(), E> {
        Ok(())
    }
}

fn result_type(text: &str) -> Option<ResultType> {
    ResultType::ALL.iter().copied().find(|one| one.as_str() == text)
}

/// An address stays text; only its form is looked at.
fn address<'de, A: MapAccess<'de>>(
    value: &mut A,
    at: At<'_>,
    into: &mut Option<Cow<'de, str>>,
) -> Result<(), A::Error> {
    text(value, at, into)?;
    let odd = |text: &str| !text.is_empty() && !is_address(text);
    at.note_if(into.as_deref().is_some_and(odd), Kind::NotAnAddress);
    Ok(())
}
