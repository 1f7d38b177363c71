//! A digest with a key over data that the library gets back from elsewhere.

use super::library::start;
use openssl::sha::{Sha256, sha256};

/// Bytes of a seal.
pub const SEAL_BYTES: usize = 32;
/// Bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;

/// HMAC-SHA-256 over `parts`, each with its length, under `key`, which may be empty: then it is only a digest.
pub fn seal(key: &[u8], parts: &[&[u8]]) -> [u8; SEAL_BYTES] {
    start();
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..SEAL_BYTES].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new();
    inner.update(&block.map(|byte| byte ^ 0x36));
    for part in parts {
        inner.update(&(part.len() as u64).to_le_bytes());
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(&block.map(|byte| byte ^ 0x5c));
    outer.update(&inner.finish());
    outer.finish()
}

/// Whether two seals are the same, in a time that does not tell where they differ.
pub fn same_seal(one: &[u8; SEAL_BYTES], other: &[u8; SEAL_BYTES]) -> bool {
    openssl::memcmp::eq(one, other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::sign::Signer;

    #[test]
    fn a_seal_is_hmac_over_lengths_and_parts() {
        for key in [&b"k"[..], &[7; 64], &[9; 65], &[3; 200]] {
            let text = [&3u64.to_le_bytes()[..], b"abc", &0u64.to_le_bytes()].concat();
            let hmac =
                PKey::hmac(key).and_then(|key| Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(&text));
            assert_eq!(hmac.unwrap_or_default(), seal(key, &[b"abc", b""]));
        }
    }

    #[test]
    fn key_and_each_part_count() {
        let first = seal(b"key", &[b"ab", b"c"]);
        assert!(same_seal(&first, &seal(b"key", &[b"ab", b"c"])));
        for other in [seal(b"", &[b"ab", b"c"]), seal(b"key", &[b"a", b"bc"]), seal(b"key", &[b"abc"])] {
            assert!(!same_seal(&first, &other));
        }
    }
}
