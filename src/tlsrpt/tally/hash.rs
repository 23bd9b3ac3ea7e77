//! The hash that decides which rows and policies are kept: it must give the same number
//! on every host and in every release, or tallies of different hosts would keep different
//! rows.
//!
//! Nothing is found by it alone: what has the same hash is compared. So it need not
//! withstand a stranger who looks for equal or small ones; all that he can choose is
//! which rows of his own domain are kept.
//!
//! What is hashed is a list of words. From the state K, each word `w` makes
//! `state = (rotl(state, 5) ^ w) * K` modulo 2^64, K = 0x9E3779B97F4A7C15; in the end the
//! high half is folded into the low one, multiplied by K, and folded again. The word of a
//! text is the hash of its own words: eight octets each, little-endian, the last filled
//! up with zeros, and its length in octets.

/// 2^64 divided by the golden ratio; odd, with bits all over.
pub(super) const K: u64 = 0x9e37_79b9_7f4a_7c15;

pub(super) struct FixedHash(u64);

impl FixedHash {
    pub(super) const fn new() -> Self {
        Self(K)
    }

    pub(super) const fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(K);
    }

    /// Texts are hashed each by itself, so that a processor can do it at the same time.
    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.octets(text.as_bytes());
    }

    #[inline]
    pub(super) fn octets(&mut self, octets: &[u8]) {
        let mut inner = Self::new();
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            inner.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            inner.word(last_word(octets, rest));
        }
        inner.word(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        self.word(inner.finish());
    }

    pub(super) const fn finish(self) -> u64 {
        let folded = (self.0 ^ (self.0 >> 32)).wrapping_mul(K);
        folded ^ (folded >> 32)
    }
}

/// The rest as a word, filled up with zeros.
fn last_word(octets: &[u8], rest: &[u8]) -> u64 {
    match octets.last_chunk() {
        // What stands before the rest is shifted out.
        Some(last) => {
            let bits = u32::try_from(rest.len()).unwrap_or_default().wrapping_mul(8);
            u64::from_le_bytes(*last).wrapping_shr(bits.wrapping_neg())
        }
        None => rest.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(texts: &[&str]) -> u64 {
        let mut hash = FixedHash::new();
        texts.iter().for_each(|text| hash.text(text));
        hash.finish()
    }

    /// These numbers must never change: hosts of different releases merge their tallies.
    #[test]
    fn rpt_8_the_hash_is_the_same_everywhere() {
        assert_eq!(hash(&[]), 0xab16_9eb8_aeae_59a4);
        assert_eq!(hash(&[""]), 0x5299_3601_9735_1fb4);
        assert_eq!(hash(&["a"]), 0x4581_92be_2858_16fb);
        assert_eq!(hash(&["mx1.example.com"]), 0x3ab4_b3d3_bb6a_35fa);
        assert_eq!(hash(&["mx1.exam", "ple.com"]), 0x5562_925b_44cb_c570);
    }
}
