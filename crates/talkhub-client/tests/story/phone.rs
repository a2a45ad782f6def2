//! What the stories of two-step sign-in share: the app on somebody's phone, and the steps that everybody takes.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

/// The app on somebody's phone (RFC 6238), written once more: it knows nothing of ours.
pub struct Phone(Vec<u8>);

impl Phone {
    pub fn new(base32: &str) -> Self {
        let letters = base32.to_uppercase().into_bytes();
        let bits: String = letters
            .iter()
            .filter(|letter| letter.is_ascii_alphanumeric())
            .map(|letter| match letter {
                b'A'..=b'Z' => letter - b'A',
                digit => digit - b'2' + 26,
            })
            .map(|value| format!("{value:05b}"))
            .collect();
        let bytes = bits.as_bytes().chunks_exact(8);
        Self(
            bytes
                .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
                .collect(),
        )
    }

    /// What it makes its codes of.
    pub fn secret(&self) -> &[u8] {
        &self.0
    }

    /// What it shows so many steps of 30 seconds from now.
    pub fn shows(&self, app: &TestApp, steps: i64) -> String {
        let step = app.app.clock.now() / 30_000 + steps;
        let mut mac = <Hmac<Sha1> as Mac>::new_from_slice(&self.0).unwrap();
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let at = usize::from(digest[19] & 15);
        let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// Turns it on; gives back the browser with its new cookie, the phone, and the recovery codes.
pub async fn set_up(app: &TestApp, person: &Person) -> (Person, Phone, Vec<String>) {
    let begun = person
        .post("/api/v1/me/second-factor", json!({ "current": PASSWORD }))
        .await;
    assert_eq!(begun.status, 201, "{}", begun.text);
    let phone = Phone::new(begun.body["secret"].as_str().unwrap());
    let code = phone.shows(app, 0);
    let on = person
        .post("/api/v1/me/second-factor/confirm", json!({ "code": code }))
        .await;
    assert_eq!(on.status, 200, "{}", on.text);
    let codes = on.body["recovery_codes"].as_array().unwrap().iter();
    let codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
    (person.with_cookies(&on), phone, codes)
}

pub async fn first_step(app: &TestApp, who: &Person) -> Value {
    let login = json!({ "name": "1000000001", "password": PASSWORD, "keep": true });
    let answer = who.post("/api/v1/sessions", login).await;
    assert_eq!((answer.status, answer.cookies.len()), (202, 0), "{}", answer.text);
    assert_eq!(answer.body["expires_in"], 600);
    assert_eq!(
        app.visitor().with_cookies(&answer).get("/api/v1/me").await.status,
        401
    );
    answer.body["step"].clone()
}

pub async fn second_step(who: &Person, step: &Value, code: &str) -> Answer {
    who.post("/api/v1/sessions/step", json!({ "step": step, "code": code }))
        .await
}

pub const WRONG: &str =
    "400 invalid code: This code is not right. Codes change every 30 seconds, and each is good for one use.";
