//! Time codes as authenticator apps make them (RFC 6238: SHA-1, six digits, 30 seconds), their QR code, recovery codes.

use hmac::{Hmac, Mac};
use qrcodegen::{QrCode, QrCodeEcc};
use sha1::Sha1;

/// Bytes of a secret: as many as the digest has.
pub(super) const SECRET: usize = 20;
/// Bytes of a recovery code: too many to be guessed from its digest.
pub(super) const RECOVERY: usize = 10;
/// How many recovery codes there are.
pub(super) const RECOVERY_CODES: usize = 10;

const STEP: i64 = 30_000;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What somebody typed as proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Six digits of the app.
    Time(String),
    /// Sixteen letters, in capitals.
    Recovery(String),
}

impl Code {
    /// With or without spaces and dashes; `None` for what cannot be one.
    pub fn parse(raw: &str) -> Option<Self> {
        let mut text: String = raw
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .take(64)
            .collect();
        if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Time(text));
        }
        text.make_ascii_uppercase();
        let good = text.len() == RECOVERY * 8 / 5 && text.bytes().all(|byte| ALPHABET.contains(&byte));
        good.then_some(Self::Recovery(text))
    }
}

/// The code of one time step (RFC 4226, 5.3).
fn code_at(secret: &[u8], step: i64) -> String {
    let mut mac = <Hmac<Sha1> as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let bytes = [
        digest[offset] & 127,
        digest[offset + 1],
        digest[offset + 2],
        digest[offset + 3],
    ];
    format!("{:06}", u32::from_be_bytes(bytes) % 1_000_000)
}

/// The step whose code this is: the present one, the one before or the next, and newer than `after`, which was used.
pub(super) fn fitting_step(secret: &[u8], code: &str, now: i64, after: i64) -> Option<i64> {
    let present = now / STEP;
    (present - 1..=present + 1).find(|step| after < *step && same(&code_at(secret, *step), code))
}

/// Takes as long for every wrong one.
fn same(one: &str, other: &str) -> bool {
    let differ = one
        .bytes()
        .zip(other.bytes())
        .fold(0, |differ, (one, other)| differ | (one ^ other));
    one.len() == other.len() && differ == 0
}

/// RFC 4648, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(*byte)) & 0xffff;
        bits += 8;
        while 5 <= bits {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if 0 < bits {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    text
}

/// In small letters, in groups of four: what a person writes down.
pub(super) fn grouped(base32: &str) -> String {
    let letters: Vec<char> = base32.to_lowercase().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// What the QR code says. `issuer` names this server among the person's others.
pub(super) fn uri(issuer: &str, username: &str, secret: &[u8]) -> String {
    let (issuer, name, secret) = (percent(issuer), percent(username), base32(secret));
    format!(
        "otpauth://totp/{issuer}:{name}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let written = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    written.collect()
}

/// A QR code as the path of an SVG.
pub(super) struct Qr {
    /// Its modules on each side, the quiet zone of four included.
    pub side: i32,
    pub path: String,
}

/// `None` only for a text too long for any QR code.
pub(super) fn qr(text: &str) -> Option<Qr> {
    const QUIET: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
        }
    }
    let side = code.size() + 2 * QUIET;
    Some(Qr { side, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of both RFCs' examples.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfcs() {
        let rfc_4226 = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (step, code) in (0..).zip(rfc_4226) {
            assert_eq!(code_at(SECRET, step), code);
        }
        let rfc_6238 = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ];
        for (seconds, code) in rfc_6238 {
            assert_eq!(code_at(SECRET, seconds / 30), code, "{seconds}");
        }
    }

    #[test]
    fn sec06_a_code_fits_one_step_early_or_late_and_never_twice() {
        let now = 1_800_000_000_000;
        let present = now / STEP;
        for late in -1..=1 {
            let code = code_at(SECRET, present + late);
            assert_eq!(fitting_step(SECRET, &code, now, 0), Some(present + late));
            assert_eq!(fitting_step(SECRET, &code, now, present + late), None, "used");
        }
        for late in [-2, 2] {
            assert_eq!(
                fitting_step(SECRET, &code_at(SECRET, present + late), now, 0),
                None,
                "{late}"
            );
        }
        assert_eq!(fitting_step(SECRET, "", now, 0), None);
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        for (text, want) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), want);
        }
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        let check = |raw: &str, want: Option<Code>| assert_eq!(Code::parse(raw), want, "{raw}");
        check(" 123 456 ", Some(Code::Time("123456".into())));
        check(
            "abcd-efgh-ijkl-mnop",
            Some(Code::Recovery("ABCDEFGHIJKLMNOP".into())),
        );
        for wrong in ["", "12345", "1234567", "12345x", "abcd-efgh-ijkl-mno1", "١٢٣٤٥٦"] {
            check(wrong, None);
        }
        let code = grouped(&base32(&[7; RECOVERY]));
        assert!(
            code.len() == 19 && matches!(Code::parse(&code), Some(Code::Recovery(_))),
            "{code}"
        );
    }

    #[test]
    fn the_qr_code_says_whose_it_is() {
        let said = uri("Talkhub chat.example.org", "ann", SECRET);
        assert_eq!(
            said,
            "otpauth://totp/Talkhub%20chat.example.org:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Talkhub%20chat.example.org&algorithm=SHA1&digits=6&period=30"
        );
        let qr = qr(&said).unwrap();
        assert!(
            qr.path.starts_with("M4 4h1v1h-1zM5 4") && 30 < qr.side,
            "a finder stands in the corner"
        );
    }
}
