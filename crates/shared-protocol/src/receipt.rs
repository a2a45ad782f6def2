//! Receipts: what proves that the relay passed a message on, with its content and its time.
//!
//! `1.<at>.<boot id>.<number>.<prev>.<mac>`, opaque to clients. The mac is HMAC-SHA-256 (RFC 2104) under the SHA-256 of the
//! secret that both programs know, over sender's subject, group, message id, SHA-256 of the frame, the relay's time, its
//! boot id, the number and the id of the sender's message before it (empty: none). So nobody can invent or change what was passed on, and the order of numbers within one boot is
//! the order of passing on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Separates these digests from every other use of the secret.
const PURPOSE: &[u8] = b"talkhub/receipt/v1";
/// The longest receipt and boot id that are read, in bytes.
const MOST: usize = 200;
const MOST_BOOT: usize = 64;

/// What is signed with: the SHA-256 of the secret, without its key id.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl Key {
    /// `secret` as it is configured, with or without a key id.
    pub fn of(secret: &str) -> Self {
        let (_, secret) = crate::internal::split_secret(secret);
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The key of a secret of which only the SHA-256 is kept.
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

/// A message that was passed on, as far as a receipt proves it.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    pub subject: &'a str,
    pub group: &'a str,
    pub id: &'a str,
    /// The frame's text, as the receivers decode it.
    pub frame: &'a str,
    /// The sender's message before it; only [`Receipt::sign`] looks at it.
    pub prev: Option<&'a str>,
}

/// When and in which place a message was passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Milliseconds since 1970 by the relay's clock.
    pub at: i64,
    /// The relay's boot id.
    pub boot: String,
    /// Grows with everything that the relay passes on since its start.
    pub number: u64,
    /// The sender's message before it: whoever hands it in cannot leave that out.
    pub prev: Option<String>,
    mac: [u8; 32],
}

/// This text is no receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a receipt")]
pub struct BadReceipt;

impl Receipt {
    pub fn sign(key: &Key, passed: &Passed<'_>, at: i64, boot: &str, number: u64) -> Self {
        let place = Place {
            at,
            boot,
            number,
            prev: passed.prev.unwrap_or_default(),
        };
        Self {
            at,
            boot: boot.to_owned(),
            number,
            prev: passed.prev.map(str::to_owned),
            mac: mac(key, passed, &place).finalize().into_bytes().into(),
        }
    }

    /// Whether a relay with this key gave it for exactly this message. Takes the same time for every mac.
    pub fn proves(&self, key: &Key, passed: &Passed<'_>) -> bool {
        let place = Place {
            at: self.at,
            boot: &self.boot,
            number: self.number,
            prev: self.prev.as_deref().unwrap_or_default(),
        };
        mac(key, passed, &place).verify_slice(&self.mac).is_ok()
    }
}

/// What the relay adds to a message.
struct Place<'a> {
    at: i64,
    boot: &'a str,
    number: u64,
    prev: &'a str,
}

fn mac(key: &Key, passed: &Passed<'_>, place: &Place<'_>) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of every length");
    let frame = Sha256::digest(passed.frame.as_bytes());
    let texts = [passed.subject, passed.group, passed.id, place.boot, place.prev];
    let texts = texts.iter().map(|text| text.as_bytes());
    for part in std::iter::once(PURPOSE).chain(texts).chain([&frame[..]]) {
        // With its length: no two lists of parts look alike.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.update(&place.at.to_be_bytes());
    mac.update(&place.number.to_be_bytes());
    mac
}

impl fmt::Display for Receipt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mac = URL_SAFE_NO_PAD.encode(self.mac);
        let prev = self.prev.as_deref().unwrap_or_default();
        write!(out, "1.{}.{}.{}.{prev}.{mac}", self.at, self.boot, self.number)
    }
}

impl FromStr for Receipt {
    type Err = BadReceipt;

    fn from_str(text: &str) -> Result<Self, BadReceipt> {
        let parts: Vec<&str> = match text.len() <= MOST {
            true => text.split('.').collect(),
            false => return Err(BadReceipt),
        };
        let ["1", at, boot, number, prev, mac] = parts.as_slice() else {
            return Err(BadReceipt);
        };
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| BadReceipt)?;
        if boot.is_empty() || MOST_BOOT < boot.len() {
            return Err(BadReceipt);
        }
        Ok(Self {
            at: at.parse().map_err(|_| BadReceipt)?,
            boot: (*boot).to_owned(),
            number: number.parse().map_err(|_| BadReceipt)?,
            prev: Some(*prev).filter(|prev| !prev.is_empty()).map(str::to_owned),
            mac: mac.try_into().map_err(|_| BadReceipt)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const PASSED: Passed<'_> = Passed {
        subject: "s",
        group: "g",
        id: "i",
        frame: "hello",
        prev: Some("h"),
    };

    fn signed() -> Receipt {
        Receipt::sign(&Key::of(SECRET), &PASSED, 1_763_625_600_000, "boot", 7)
    }

    #[test]
    fn a_receipt_proves_what_it_was_given_for() {
        let receipt: Receipt = signed().to_string().parse().expect("a receipt is read again");
        assert_eq!(receipt, signed());
        assert!(receipt.proves(&Key::of(SECRET), &PASSED));
        assert!(receipt.proves(&Key::of(&format!("k1:{SECRET}")), &PASSED));
        assert!(receipt.proves(&Key::of_digest(Sha256::digest(SECRET.as_bytes()).into()), &PASSED));
    }

    /// The format is on disk in browsers and between versions: it may not change unnoticed.
    #[test]
    fn the_format_stays() {
        let text = "1.1763625600000.boot.7.h.oT64lj5_vQJuxEfN6-iKLm2R_BFcy1LZsx0ChJK5TjM";
        assert_eq!(signed().to_string(), text);
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let key = Key::of(SECRET);
        let other = |change: fn(&mut Passed<'_>)| {
            let mut passed = PASSED;
            change(&mut passed);
            signed().proves(&key, &passed)
        };
        assert!(!other(|passed| passed.subject = "t"));
        assert!(!other(|passed| passed.group = "h"));
        assert!(!other(|passed| passed.id = "j"));
        assert!(!other(|passed| passed.frame = "hello "));
        assert!(!other(|passed| (passed.subject, passed.group) = ("sg", "")));
        let changed = |change: fn(&mut Receipt)| {
            let mut receipt = signed();
            change(&mut receipt);
            receipt.proves(&key, &PASSED)
        };
        assert!(!changed(|receipt| receipt.at += 1));
        assert!(!changed(|receipt| receipt.boot.push('x')));
        assert!(!changed(|receipt| receipt.number -= 1));
        assert!(!changed(|receipt| receipt.prev = None));
        assert!(!changed(|receipt| receipt.prev = Some("g".to_owned())));
        assert!(!changed(|receipt| receipt.mac[0] ^= 1));
        assert!(!signed().proves(&Key::of(&SECRET.to_uppercase()), &PASSED));
    }

    #[test]
    fn what_is_no_receipt_is_not_read() {
        let good = signed().to_string();
        for bad in [
            String::new(),
            "1.2.3".to_owned(),
            good.replacen('1', "2", 1),
            good.replace("boot", ""),
            good.replace("boot", &"b".repeat(65)),
            good.replace(".7.", ".-7."),
            format!("{good}A"),
            format!("{good}.x"),
            "1.".repeat(200),
        ] {
            assert_eq!(bad.parse::<Receipt>(), Err(BadReceipt), "{bad}");
        }
    }
}
