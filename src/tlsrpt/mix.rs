//! Numbers made of texts, the same on every machine: for ids, and to spread what would
//! otherwise happen at once.
//!
//! Nothing here is secret or proves anything.

/// FNV-1a of 128 bits, as its authors define it.
pub(super) fn fnv_1a(octets: impl IntoIterator<Item = u8>) -> u128 {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    octets.into_iter().fold(OFFSET_BASIS, |hash, b| (hash ^ u128::from(b)).wrapping_mul(PRIME))
}

/// FNV-1a of 128 bits over the 8 octets of the seed, the least significant first, and
/// over the texts, with an octet behind each that UTF-8 does not have.
pub(super) fn seeded(seed: u64, texts: &[&str]) -> u128 {
    let texts = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
    fnv_1a(seed.to_le_bytes().into_iter().chain(texts))
}

/// The same with all bits spread over 64: the halves joined by exclusive or, and the
/// finalizer of SplitMix64.
pub(super) fn scattered(seed: u64, texts: &[&str]) -> u64 {
    let hash = seeded(seed, texts);
    let low = u64::try_from(hash & u128::from(u64::MAX)).unwrap_or_default();
    let high = u64::try_from(hash >> 64).unwrap_or_default();
    let hash = low ^ high;
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_everywhere() {
        assert_eq!(fnv_1a(*b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv_1a(*b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
        assert_eq!(seeded(0x0102, &["a", "b"]), fnv_1a(*b"\x02\x01\0\0\0\0\0\0a\xffb\xff"));
        assert_ne!(seeded(0, &["ab", ""]), seeded(0, &["a", "b"]));
    }
}
