//! The first items of a list in JSON. Others are passed over without being kept: an item
//! takes many times the octets that it has as text.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first `N` items, and how many more there were.
pub(super) struct First<T, const N: usize> {
    pub(super) items: Vec<T>,
    pub(super) more: usize,
}

impl<T, const N: usize> First<T, N> {
    pub(super) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<T, const N: usize> Default for First<T, N> {
    fn default() -> Self {
        Self { items: Vec::new(), more: 0 }
    }
}

/// Of what is within the bounds already.
impl<T, const N: usize> FromIterator<T> for First<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { items: items.into_iter().collect(), more: 0 }
    }
}

impl<T: Serialize, const N: usize> Serialize for First<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for First<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for Items<T, N> {
    type Value = First<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<T, N>, A::Error> {
        let mut first = First::default();
        while first.items.len() < N {
            match list.next_element()? {
                Some(item) => first.items.push(item),
                None => return Ok(first),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            first.more = first.more.saturating_add(1);
        }
        Ok(first)
    }
}
