//! Text forms of the scalar types, for serde (feature `serde`).
//!
//! What is read is read by `FromStr`, so that nothing invalid can be deserialised.
//! Records and policies have no form here: keep their text and parse it again.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::DomainName;
use crate::failure::{ReasonCode, ResultType};
use crate::sts::{MaxAge, Mode, MxPattern, PolicyDomain, PolicyId};

/// Reads text by `FromStr`.
struct Text<T> {
    expecting: &'static str,
    value: PhantomData<T>,
}

impl<'de, T> Text<T>
where
    T: FromStr<Err: fmt::Display>,
{
    fn read<D: Deserializer<'de>>(expecting: &'static str, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(Self { expecting, value: PhantomData })
    }
}

impl<T> Visitor<'_> for Text<T>
where
    T: FromStr<Err: fmt::Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

impl Serialize for PolicyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PolicyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::read("an id of 1 to 32 letters and digits", deserializer)
    }
}

impl Serialize for DomainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::read("a domain name", deserializer)
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::read("enforce, testing or none", deserializer)
    }
}

impl Serialize for ResultType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ResultType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::read("a result type of RFC 8460", deserializer)
    }
}

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::read("a reason code", deserializer)
    }
}

impl Serialize for PolicyDomain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PolicyDomain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::read("a policy domain", deserializer)
    }
}

impl Serialize for MxPattern<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The declared seconds, so that nothing is lost.
impl Serialize for MaxAge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.declared_secs())
    }
}

impl<'de> Deserialize<'de> for MaxAge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let declared = u64::deserialize(deserializer)?;
        Self::declared(declared).ok_or_else(|| {
            Error::invalid_value(Unexpected::Unsigned(declared), &"a number of at most 10 digits")
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use core::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;

    #[track_caller]
    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str) {
        assert_eq!(serde_json::to_string(value).unwrap(), json);
        assert_eq!(&serde_json::from_str::<T>(json).unwrap(), value);
    }

    #[track_caller]
    fn refused<T: DeserializeOwned + Debug>(json: &str, error: &str) {
        let found = serde_json::from_str::<T>(json).unwrap_err().to_string();
        assert!(found.starts_with(error), "{found}");
    }

    #[test]
    fn scalars_are_their_text() {
        round_trip(&PolicyId::new("20261122").unwrap(), "\"20261122\"");
        round_trip(&DomainName::parse("Example.com").unwrap(), "\"example.com\"");
        round_trip(&Mode::Testing, "\"testing\"");
        round_trip(&ResultType::StsPolicyInvalid, "\"sts-policy-invalid\"");
        round_trip(&"9999999999".parse::<MaxAge>().unwrap(), "9999999999");
        round_trip(&ReasonCode::NoRecord, "\"no-record\"");
        round_trip(&PolicyDomain::from_next_hop("Example.com").unwrap(), "\"example.com\"");
        let pattern = MxPattern::parse("*.Example.com").unwrap();
        assert_eq!(serde_json::to_string(&pattern).unwrap(), "\"*.Example.com\"");
    }

    #[test]
    fn invalid_text_is_refused() {
        refused::<PolicyId>("\"2026-11-22\"", "expected 1 to 32 letters and digits, found");
        refused::<PolicyId>("1", "invalid type: integer `1`, expected an id of 1 to 32");
        refused::<DomainName>("\"a..b\"", "empty label at offset 2 of `a..b`");
        refused::<Mode>("\"Enforce\"", "expected `enforce`, `testing` or `none`");
        refused::<ResultType>("\"none\"", "expected a result type of RFC 8460");
        refused::<ReasonCode>("\"none\"", "expected a reason code, found `none`");
        refused::<PolicyDomain>("\"[::1]\"", "an address has no policy");
        refused::<MaxAge>("10000000000", "invalid value: integer `10000000000`, expected a number");
        refused::<MaxAge>("-1", "invalid value: integer `-1`");
    }
}
