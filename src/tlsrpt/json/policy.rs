//! The policy that sessions stood under, quoted in whatever way.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

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
        let lines = |text: &str, max| lines_in_one(text, max, tlsa);
        split(&mut self.policy_string, lines, Kind::LinesInOne, policy)
    }
}

fn policy_type(text: &str) -> Option<PolicyType> {
    PolicyType::ALL.into_iter().find(|one| one.as_str() == text)
}

/// Takes texts apart that have several texts in them. As many parts are made as the limit
/// lets pass, and one more: each takes more memory than the octets that it was made of.
fn split<'de, E: Error>(
    texts: &mut Vec<Cow<'de, str>>,
    parts: impl Fn(&str, usize) -> Option<Vec<String>>,
    kind: Kind,
    at: At<'_>,
) -> Result<(), E> {
    if !texts.iter().any(|text| parts(text, 1).is_some()) {
        return Ok(());
    }
    let mut all = Vec::new();
    for text in texts.drain(..) {
        match parts(&text, at.strings_left().saturating_add(1)) {
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

/// TLSA records that somebody has written as JSON into one text, the first `max` of them.
fn json_in_string(text: &str, max: usize) -> Option<Vec<String>> {
    if !begins_as_array(text) {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let records = Records { max }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(records)
}

/// Wants an array of texts. Once: what stands in them is no JSON again.
struct Records {
    max: usize,
}

impl<'de> DeserializeSeed<'de> for Records {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of TLSA records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Vec<String>, A::Error> {
        let mut records = Vec::new();
        while let Some(record) = array.next_element::<String>()? {
            if begins_as_array(&record) {
                return Err(A::Error::custom("JSON again"));
            }
            if records.len() < self.max {
                records.push(record);
            }
        }
        Ok(records)
    }
}

/// A policy's lines, the first `max` of them, without their ends. Lines that would be
/// taken for TLSA records in JSON when they are read again stay together.
fn lines_in_one(text: &str, max: usize, tlsa: bool) -> Option<Vec<String>> {
    let apart = text.contains('\n') && !(tlsa && text.lines().any(begins_as_array));
    apart.then(|| text.lines().take(max).map(String::from).collect())
}

fn begins_as_array(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

fn is_domain(name: &str) -> bool {
    name.contains('.') && DomainName::parse(name).is_ok()
}
