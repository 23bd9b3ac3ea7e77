//! Whether a JSON text is I-JSON (RFC 7493), and not nested too deep.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::MAX_DEPTH;
use crate::tlsrpt::report::is_noncharacter;

/// Whether a text is one of I-JSON: it has no noncharacters.
pub(super) fn is_text(text: &str) -> bool {
    text.is_ascii() || !text.chars().any(is_noncharacter)
}

/// Whether a JSON text has no member twice, no surrogates or noncharacters, only
/// numbers that a double has, and at most [`MAX_DEPTH`] levels.
pub(super) fn is_value(json: &str) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Value { levels: MAX_DEPTH }.deserialize(&mut deserializer).is_ok()
}

/// Reads a value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Value {
    levels: usize,
}

impl Value {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("I-JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if is_text(text) { Ok(()) } else { Err(E::custom("noncharacter")) }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while array.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut names = BTreeSet::new();
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
            self.visit_str(&name)?;
            if !names.insert(name) {
                return Err(A::Error::custom("member twice"));
            }
            object.next_value_seed(inner)?;
        }
        Ok(())
    }
}
