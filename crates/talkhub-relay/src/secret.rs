//! The secret that both programs know.

use sha2::{Digest, Sha256};
use shared_protocol::internal::{DEVELOPMENT_SECRET, MIN_SECRET, split_secret};
use shared_protocol::receipt::Key;
use subtle::ConstantTimeEq;

/// SHA-256 of something secret.
pub(crate) type DigestBytes = [u8; 32];

pub(crate) fn digest(text: &str) -> DigestBytes {
    Sha256::digest(text.as_bytes()).into()
}

/// A shared secret, optionally with a key id before a colon. Only its digest is kept; it prints as `***`.
#[derive(Clone)]
pub struct Secret {
    key_id: Option<String>,
    digest: DigestBytes,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

impl Secret {
    /// A secret of at least 32 bytes, or `key id:secret`.
    pub fn parse(text: &str) -> Option<Self> {
        let (key_id, secret) = split_secret(text);
        (MIN_SECRET <= secret.len()).then(|| Self {
            key_id: key_id.map(str::to_owned),
            digest: digest(secret),
        })
    }

    /// The one that works only on loopback.
    pub fn development() -> Self {
        Self {
            key_id: None,
            digest: digest(DEVELOPMENT_SECRET),
        }
    }

    /// What receipts are signed with.
    pub(crate) fn receipt_key(&self) -> Key {
        Key::of_digest(self.digest)
    }

    /// Whether it is the one that everybody can read in the source.
    pub fn is_development(&self) -> bool {
        self.digest == digest(DEVELOPMENT_SECRET)
    }

    /// Whether `presented` (with or without key id) is this secret. Takes the same time for every secret.
    pub fn matches(&self, presented: &str) -> bool {
        let (key_id, secret) = split_secret(presented);
        let key_fits = match (key_id, &self.key_id) {
            (Some(presented), Some(own)) => presented == own,
            (None, _) | (_, None) => true,
        };
        bool::from(digest(secret).ct_eq(&self.digest)) & key_fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    fn check(own: &str, presented: &str, want: bool) {
        let own = Secret::parse(own).expect("long enough");
        assert_eq!(own.matches(presented), want, "{presented}");
    }

    #[test]
    fn sec22_key_ids_tell_secrets_apart() {
        check(LONG, LONG, true);
        check(LONG, &format!("k1:{LONG}"), true);
        check(&format!("k1:{LONG}"), LONG, true);
        check(&format!("k1:{LONG}"), &format!("k1:{LONG}"), true);
        check(&format!("k1:{LONG}"), &format!("k2:{LONG}"), false);
        check(LONG, &LONG[1..], false);
        check(LONG, "", false);
    }

    #[test]
    fn short_secrets_are_none() {
        assert!(Secret::parse(&LONG[1..]).is_none());
        assert!(Secret::parse(&format!("k1:{}", &LONG[1..])).is_none());
    }
}
