//! Access tokens of programs: JWTs (RFC 7519) of one fixed shape, good for ten minutes, bound to a sign-in. (SEC08)

use crate::platform::keys::{Keys, Purpose};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use shared_protocol::UserId;

/// Seconds that an access token is good for.
pub(super) const LASTS: i64 = 600;

const ISSUER: &str = "talkhub";
const AUDIENCE: &str = "talkhub-api";
/// Ours have about 350 characters.
const LONGEST: usize = 1024;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    /// The sign-in: ended, and the token is worth nothing.
    sid: String,
    iat: i64,
    exp: i64,
}

/// Only ever this header: whoever reads compares it whole, so a token cannot choose its algorithm, type or key.
fn header(keys: &Keys) -> String {
    let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"at+jwt"}}"#, keys.id());
    URL_SAFE_NO_PAD.encode(header)
}

/// A token for this person's sign-in; `now` in milliseconds.
pub(super) fn issue(keys: &Keys, user: UserId, session: i64, now: i64) -> String {
    let claims = Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: user,
        sid: session.to_string(),
        iat: now / 1000,
        exp: now / 1000 + LASTS,
    };
    let claims = serde_json::to_string(&claims).expect("claims are plain JSON");
    let text = format!("{}.{}", header(keys), URL_SAFE_NO_PAD.encode(claims));
    let signature = keys.sign(Purpose::Access, &text);
    format!("{text}.{signature}")
}

/// Whose sign-in this token is for; `None` for whatever is not ours, whole and of now.
pub(super) fn read(keys: &Keys, token: &str, now: i64) -> Option<(UserId, i64)> {
    if LONGEST < token.len() {
        return None;
    }
    let (text, signature) = token.rsplit_once('.')?;
    let (head, claims) = text.split_once('.')?;
    if head != header(keys) || !keys.fits(Purpose::Access, text, signature) {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let left = claims.exp.saturating_sub(now / 1000);
    let ours = claims.iss == ISSUER && claims.aud == AUDIENCE && 0 < left && left <= LASTS;
    let session = claims.sid.parse().ok()?;
    ours.then_some((claims.sub, session))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn ann() -> UserId {
        UserId::new(1_000_000_001).unwrap()
    }

    fn signed(keys: &Keys, header: &str, claims: &str) -> String {
        let text = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        format!("{text}.{}", keys.sign(Purpose::Access, &text))
    }

    #[test]
    fn a_token_says_whose_it_is_for_ten_minutes() {
        let keys = Keys::new(b"one");
        let token = issue(&keys, ann(), 7, NOW);
        assert_eq!(read(&keys, &token, NOW), Some((ann(), 7)));
        assert_eq!(read(&keys, &token, NOW + 599_000), Some((ann(), 7)));
        assert_eq!(read(&keys, &token, NOW + 600_000), None);
        assert_eq!(read(&Keys::new(b"two"), &token, NOW), None);
    }

    #[test]
    fn sec08_nothing_of_a_token_can_be_chosen_by_its_bearer() {
        let keys = Keys::new(b"one");
        let good = format!(
            r#"{{"iss":"talkhub","aud":"talkhub-api","sub":"1000000001","sid":"7","iat":{0},"exp":{0}}}"#,
            NOW / 1000 + 60
        );
        let head = format!(r#"{{"alg":"HS256","kid":"{}","typ":"at+jwt"}}"#, keys.id());
        assert!(read(&keys, &signed(&keys, &head, &good), NOW).is_some());
        for (from, to) in [
            ("HS256", "none"),
            ("HS256", "HS512"),
            ("at+jwt", "JWT"),
            (keys.id(), "other"),
        ] {
            assert_eq!(
                read(&keys, &signed(&keys, &head.replace(from, to), &good), NOW),
                None,
                "{to}"
            );
        }
        for (from, to) in [
            ("talkhub-api", "other"),
            ("\"talkhub\"", "\"other\""),
            ("\"7\"", "\"x\""),
        ] {
            assert_eq!(
                read(&keys, &signed(&keys, &head, &good.replace(from, to)), NOW),
                None,
                "{to}"
            );
        }
        let token = issue(&keys, ann(), 7, NOW);
        let (text, _) = token.rsplit_once('.').unwrap();
        for broken in [
            "",
            ".",
            "..",
            "a.b.c",
            text,
            &format!("{text}."),
            &"x".repeat(5000),
        ] {
            assert_eq!(read(&keys, broken, NOW), None, "{broken}");
        }
    }
}
