//! From answers to the records at the end of a chain of CNAME records (RFC 1034 §3.6.2).

use alloc::string::String;
use alloc::vec::Vec;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::{Dnssec, Existence, MAX_CNAMES, mx_host};
use crate::txt::DnsFailure;

/// What is known of a name and of what it is an alias of.
pub(super) struct Chain {
    /// The name that was asked for and the targets, all different.
    names: Vec<Name>,
    end: Name,
    ttl: Option<u32>,
    authentic: Dnssec,
}

/// What a chain ends with.
pub(super) struct Answer {
    pub(super) records: Vec<RData>,
    pub(super) existence: Existence,
    /// In seconds.
    pub(super) ttl: Option<u32>,
    pub(super) aliases: Vec<String>,
    /// What the server says of all of it, if that is known.
    pub(super) authentic: Option<Dnssec>,
}

impl Chain {
    pub(super) const fn new(name: Name) -> Self {
        Self { names: Vec::new(), end: name, ttl: None, authentic: Dnssec::Authentic }
    }

    /// The name to ask for.
    pub(super) const fn end(&self) -> &Name {
        &self.end
    }

    /// Goes on with the answer to the question for [`end`](Self::end); gives the answer to
    /// all if the end is known now.
    pub(super) fn extend(
        &mut self,
        message: &Message,
        record_type: RecordType,
    ) -> Result<Option<Answer>, DnsFailure> {
        if !message.metadata.authentic_data {
            self.authentic = Dnssec::NotAuthentic;
        }
        let aliases = self.names.len();
        while let Some((target, ttl)) = self.alias(&message.answers) {
            self.push(target, ttl)?;
        }
        let records = self.take_records(&message.answers, record_type);
        let ended = message.authorities.iter().any(|record| record.record_type().is_soa());
        match message.metadata.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain if !records.is_empty() => {
                Ok(Some(self.answer(records, Existence::Exists, Some(self.authentic))))
            }
            ResponseCode::NXDomain => Ok(Some(self.absent(Existence::NxDomain, message))),
            ResponseCode::NoError if ended => Ok(Some(self.absent(Existence::Exists, message))),
            ResponseCode::NoError if self.names.len() > aliases => Ok(None),
            _ => Err(DnsFailure::Other),
        }
    }

    /// The chain ends here, without records.
    pub(super) fn into_absent(mut self, existence: Existence, ttl: Option<u32>) -> Answer {
        self.hold_for(ttl);
        self.answer(Vec::new(), existence, None)
    }

    fn absent(&mut self, existence: Existence, message: &Message) -> Answer {
        // For how long absence holds: RFC 2308 §5.
        let ttl = message.authorities.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        });
        self.hold_for(ttl);
        self.answer(Vec::new(), existence, None)
    }

    fn answer(
        &self,
        records: Vec<RData>,
        existence: Existence,
        authentic: Option<Dnssec>,
    ) -> Answer {
        let targets = self.names.iter().skip(1).chain([&self.end]);
        let aliases =
            if self.names.is_empty() { Vec::new() } else { targets.map(mx_host).collect() };
        Answer { records, existence, ttl: self.ttl, aliases, authentic }
    }

    /// What the end is an alias of.
    fn alias(&self, answers: &[Record]) -> Option<(Name, u32)> {
        answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name.eq_ignore_root(&self.end) => {
                Some((target.0.clone(), record.ttl))
            }
            _ => None,
        })
    }

    fn push(&mut self, mut target: Name, ttl: u32) -> Result<(), DnsFailure> {
        target.set_fqdn(true);
        self.names.push(core::mem::replace(&mut self.end, target));
        self.hold_for(Some(ttl));
        let again = self.names.iter().any(|name| name.eq_ignore_root(&self.end));
        if again || self.names.len() > MAX_CNAMES { Err(DnsFailure::Other) } else { Ok(()) }
    }

    fn take_records(&mut self, answers: &[Record], record_type: RecordType) -> Vec<RData> {
        let mut records = Vec::new();
        for record in answers {
            if record.record_type() == record_type && record.name.eq_ignore_root(&self.end) {
                self.hold_for(Some(record.ttl));
                records.push(record.data.clone());
            }
        }
        records
    }

    /// The least of all times counts.
    fn hold_for(&mut self, ttl: Option<u32>) {
        self.ttl = self.ttl.into_iter().chain(ttl).min();
    }
}
