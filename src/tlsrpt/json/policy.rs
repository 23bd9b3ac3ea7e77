//! The policy that sessions stood under, quoted in whatever way.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Error, MapAccess};

use super::deviation::ReportDeviationKind as Kind;
use super::member::Member;
use super::object::{Read, Seen, reported, text};
use super::value::{At, Texts, Tolerant};
use crate::domain::DomainName;
use crate::failure::PolicyType;
use crate::tlsrpt::report::{PolicyDescription, UnknownMembers};

impl<'de> Read<'de> for PolicyDescription<'de> {
    const WANTED: &'static [Member] = &[Member::PolicyType, Member::PolicyDomain];

    fn empty() -> Self {
        Self::EMPTY
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "policy-type" => Member::PolicyType,
            "policy-string" => Member::PolicyString,
            "policy-domain" => Member::PolicyDomain,
            "mx-host" => Member::MxHost,
            _ => return None,
        })
    }

    fn alias(name: &str) -> Option<Member> {
        (name == "mx-host-pattern").then_some(Member::MxHost)
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::PolicyType => {
                self.policy_type = reported(value, at, policy_type)?;
            }
            Member::PolicyDomain => {
                text(value, at, &mut self.policy_domain)?;
                let domain = self.policy_domain.as_deref().filter(|domain| !domain.is_empty());
                at.note_if(domain.is_some_and(|domain| !is_domain(domain)), Kind::NotADomain);
            }
            Member::PolicyString => {
                self.policy_string = value.next_value_seed(Tolerant(Texts(at)))?;
            }
            _ => {
                self.mx_host = value.next_value_seed(Tolerant(Texts(at)))?;
                let prefixed = self.mx_host.iter().any(|host| host.starts_with("mx:"));
                at.note_if(prefixed, Kind::Prefixed);
            }
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        let sts = self.known_type() == Some(PolicyType::Sts);
        let tlsa = self.known_type() == Some(PolicyType::Tlsa);
        let (policy, mx) = (at.with(Member::PolicyString), at.with(Member::MxHost));
        policy.note_if((sts || tlsa) && !seen.has(Member::PolicyString), Kind::Missing);
        mx.note_if(sts && !seen.has(Member::MxHost), Kind::Missing);
        let out_of_place = self.policy_type.is_some() && !sts && seen.has(Member::MxHost);
        mx.note_if(out_of_place, Kind::MxHostOutOfPlace);
        if tlsa {
            split(&mut self.policy_string, json_in_string, Kind::JsonInString, policy)?;
        }
        split(&mut self.policy_string, lines_in_one, Kind::LinesInOne, policy)
    }
}

fn policy_type(text: &str) -> Option<PolicyType> {
    PolicyType::ALL.into_iter().find(|one| one.as_str() == text)
}

/// Takes texts apart that have several texts in them.
fn split<'de, E: Error>(
    texts: &mut Vec<Cow<'de, str>>,
    parts: impl Fn(&str) -> Option<Vec<String>>,
    kind: Kind,
    at: At<'_>,
) -> Result<(), E> {
    if !texts.iter().any(|text| parts(text).is_some()) {
        return Ok(());
    }
    let mut all = Vec::new();
    for text in texts.drain(..) {
        match parts(&text) {
            None => all.push(text),
            Some(parts) => {
                at.note(kind);
                for part in parts {
                    at.one_more_string()?;
                    all.push(Cow::Owned(part));
                }
            }
        }
    }
    *texts = all;
    Ok(())
}

/// TLSA records that somebody has written as JSON into one text. Once: what stands in
/// them is no JSON again.
fn json_in_string(text: &str) -> Option<Vec<String>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let records: Vec<String> = serde_json::from_str(text).ok()?;
    let plain = records.iter().all(|record| !record.trim_start().starts_with('['));
    plain.then_some(records)
}

/// A policy's lines, without their ends.
fn lines_in_one(text: &str) -> Option<Vec<String>> {
    text.contains('\n').then(|| text.lines().map(String::from).collect())
}

fn is_domain(name: &str) -> bool {
    name.contains('.') && DomainName::parse(name).is_ok()
}
