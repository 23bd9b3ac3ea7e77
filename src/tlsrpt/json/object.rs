//! How an object of a report is read: member by member, into where it is to stay.

use alloc::borrow::Cow;
use core::fmt;
use core::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ReadLimits;
use super::deviation::ReportDeviationKind as Kind;
use super::error::ReadReportErrorKind as Fault;
use super::i_json;
use super::member::Member;
use super::value::{At, Text, Tolerant, Wanted};
use crate::tlsrpt::report::{Reported, UnknownMembers};

/// An object of a report.
pub(super) trait Read<'de>: Sized {
    /// What RFC 8460 wants, and the reader can do without.
    const WANTED: &'static [Member];

    fn empty() -> Self;

    /// The member of this name.
    fn member(name: &str) -> Option<Member>;

    /// The member that some senders write by this name.
    fn alias(_: &str) -> Option<Member> {
        None
    }

    /// Takes the value of a member; the place is that of the member.
    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error>;

    fn unknown(&mut self) -> &mut UnknownMembers<'de>;

    /// Looks at it as a whole.
    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E>;
}

/// Which members of an object stood there.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen(u32);

impl Seen {
    pub(super) const fn has(self, member: Member) -> bool {
        self.0 & member.bit() != 0
    }

    const fn add(&mut self, member: Member) {
        self.0 |= member.bit();
    }
}

/// Wants an object, and fills it in where it is to stay: rows are large.
pub(super) struct Members<'c, 'o, T> {
    pub(super) at: At<'c>,
    pub(super) into: &'o mut T,
}

/// What there was instead of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Object,
    Other,
}

impl<'de, T: Read<'de>> Wanted<'de> for Members<'_, '_, T> {
    type Value = Found;

    fn at(&self) -> At<'_> {
        self.at
    }

    fn missing(self) -> Found {
        Found::Other
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let Self { at, into: object } = self;
        let mut seen = Seen::default();
        while let Some(key) = map.next_key_seed(Name::<T>(PhantomData))? {
            let (member, is_alias) = match key {
                Key::Member(member) => (member, false),
                Key::Alias(member) => (member, true),
                Key::Unknown(name) => {
                    keep(object.unknown(), name, map.next_value()?, at);
                    continue;
                }
            };
            let at = at.with(member);
            let before = seen.has(member);
            at.note_if(is_alias, Kind::Alias);
            at.note_if(before, Kind::Duplicate);
            if is_alias && before {
                map.next_value::<IgnoredAny>()?;
            } else {
                seen.add(member);
                object.take(member, &mut map, at)?;
            }
        }
        for member in T::WANTED {
            at.with(*member).note_if(!seen.has(*member), Kind::Missing);
        }
        object.finish(seen, at)?;
        Ok(Found::Object)
    }
}

/// Keeps a member that RFC 8460 does not define, if it can be written again.
fn keep<'de>(
    members: &mut UnknownMembers<'de>,
    name: Cow<'de, str>,
    json: &'de RawValue,
    at: At<'_>,
) {
    let before = members.get(&name).is_some();
    at.note_if(before, Kind::Duplicate);
    let fits = i_json::is_text(&name) && i_json::is_value(json.get());
    if fits && (before || members.len() < ReadLimits::MAX_UNKNOWN_MEMBERS) {
        members.insert(name, json.get().into());
    } else {
        at.note(Kind::NotKept);
    }
}

/// The name of a member.
enum Key<'de> {
    Member(Member),
    Alias(Member),
    Unknown(Cow<'de, str>),
}

/// Wants the name of a member of this object.
struct Name<T>(PhantomData<T>);

impl<'de, T: Read<'de>> Name<T> {
    fn key(name: &str) -> Option<Key<'de>> {
        let alias = || T::alias(name).map(Key::Alias);
        T::member(name).map(Key::Member).or_else(alias)
    }
}

impl<'de, T: Read<'de>> DeserializeSeed<'de> for Name<T> {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, T: Read<'de>> Visitor<'de> for Name<T> {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(Self::key(name).unwrap_or(Key::Unknown(Cow::Borrowed(name))))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key<'de>, E> {
        Ok(Self::key(name).unwrap_or_else(|| Key::Unknown(Cow::Owned(name.into()))))
    }
}

/// A text, and where it is to stay.
pub(super) fn text<'de, A: MapAccess<'de>>(
    value: &mut A,
    at: At<'_>,
    into: &mut Option<Cow<'de, str>>,
) -> Result<(), A::Error> {
    value.next_value_seed(Tolerant(Text { at, into }))
}

/// An object without which there is no report.
pub(super) fn required<'de, A: MapAccess<'de>, T: Read<'de>>(
    value: &mut A,
    at: At<'_>,
) -> Result<T, A::Error> {
    // The members of these objects say themselves whose they are.
    let within = At { place: at.place.without_member(), ..at };
    let mut object = T::empty();
    match value.next_value_seed(Tolerant(Members { at: within, into: &mut object }))? {
        Found::Object => Ok(object),
        Found::Other => Err(at.stop(Fault::Missing)),
    }
}

/// The members without which there is no report.
pub(super) fn demand<E: Error>(seen: Seen, members: &[Member], at: At<'_>) -> Result<(), E> {
    match members.iter().find(|member| !seen.has(**member)) {
        Some(member) => Err(at.with(*member).stop(Fault::Missing)),
        None => Ok(()),
    }
}

/// A value of a registry, or the text that stands in its place.
pub(super) fn reported<'de, A: MapAccess<'de>, T>(
    value: &mut A,
    at: At<'_>,
    known: impl Fn(&str) -> Option<T>,
) -> Result<Option<Reported<'de, T>>, A::Error> {
    let mut read = None;
    text(value, at, &mut read)?;
    Ok(read.map(|text| match known(&text) {
        Some(value) => Reported::Known(value),
        None => {
            at.note_if(!text.is_empty(), Kind::UnknownValue);
            Reported::Other(text)
        }
    }))
}
