//! The hash by which domains are found: keyed with secrets of the process, so that
//! strangers cannot choose names that collide, and quicker on short names than the one of
//! the standard library.
//!
//! Sixteen octets at a time are mixed with the key and multiplied to 128 bits, of which both
//! halves are kept. That is no hash for signatures: somebody who could see hashes, or
//! measure them, could find the key. Nobody is shown one.

use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;

use super::hash::K;

#[derive(Clone)]
pub(super) struct Keyed {
    keys: [u64; 2],
}

impl Default for Keyed {
    fn default() -> Self {
        let random = RandomState::new();
        Self { keys: [random.hash_one(0_u8), random.hash_one(1_u8)] }
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyedHasher;

    #[inline]
    fn build_hasher(&self) -> KeyedHasher {
        let [state, key] = self.keys;
        KeyedHasher { state, key }
    }
}

pub(super) struct KeyedHasher {
    state: u64,
    key: u64,
}

impl KeyedHasher {
    #[inline]
    fn mix(&mut self, one: u64, other: u64) {
        let product = u128::from(one ^ self.state).wrapping_mul(u128::from(other ^ self.key));
        self.state = low(product) ^ low(product >> 64);
    }
}

#[inline]
fn low(product: u128) -> u64 {
    u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default()
}

impl Hasher for KeyedHasher {
    #[inline]
    fn write(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while let Some((first, second, more)) = two_words(rest) {
            self.mix(first, second);
            rest = more;
        }
        let len = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        // The ends overlap, so that each octet is in one of them.
        let (first, last) = match (rest.first_chunk(), rest.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (rest.first_chunk(), rest.last_chunk()) {
                (Some(first), Some(last)) => {
                    (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
                }
                _ => (rest.iter().fold(0, |word, octet| word << 8 | u64::from(*octet)), 0),
            },
        };
        self.mix(first, last);
        // Of texts that differ in their length alone, the hashes differ by that.
        self.state ^= len.wrapping_mul(K);
    }

    /// What ends a text; its length has been mixed in.
    #[inline]
    fn write_u8(&mut self, _: u8) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[inline]
fn two_words(octets: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (first, rest) = octets.split_first_chunk()?;
    let (second, rest) = rest.split_first_chunk()?;
    Some((u64::from_le_bytes(*first), u64::from_le_bytes(*second), rest))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_octet_and_the_key_count() {
        let (keyed, other) = (Keyed::default(), Keyed::default());
        let mut hashes = HashSet::new();
        for len in 0..40 {
            let text = "a".repeat(len);
            assert!(hashes.insert(keyed.hash_one(&*text)), "{text}");
            assert_eq!(keyed.hash_one(&*text), keyed.hash_one(String::from(&*text)));
            assert_ne!(keyed.hash_one(&*text), other.hash_one(&*text));
            for at in 0..len {
                let mut octets = text.clone().into_bytes();
                octets[at] = b'b';
                let text = String::from_utf8(octets).expect("ASCII");
                assert!(hashes.insert(keyed.hash_one(&*text)), "{text}");
            }
        }
    }
}
