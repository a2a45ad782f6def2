//! The server's own key: what it signs and seals with. Made at the first start, kept beside the data, mode 0600. (SEC31)

use crate::platform::clock::Clock;
use crate::platform::config::Config;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// The file in the data folder.
pub const FILE: &str = "signing.key";
/// The shortest key that is taken, in bytes.
pub const MIN_KEY: usize = 32;

/// What a key is for. What was signed for one thing is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens of programs.
    Access,
    /// The cookie by which a device is known again.
    Device,
}

/// One key for each purpose, all made from one. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    access: [u8; 32],
    device: [u8; 32],
    seal: Arc<LessSafeKey>,
    id: String,
}

impl Keys {
    /// From the setting, or from the file in the data folder, which is made if it is not there. Call it on a blocking
    /// thread.
    pub fn open(config: &Config, clock: &Clock) -> Result<Self, String> {
        if let Some(key) = &config.accounts.signing_key {
            return Ok(Self::new(key.expose().as_bytes()));
        }
        let path = config.database.data_dir.join(FILE);
        let refused = |what: &str, error: std::io::Error| {
            format!("cannot {what} {} (TALKHUB_DATA_DIR): {error}", path.display())
        };
        if !path.exists() {
            make(&path, &URL_SAFE_NO_PAD.encode(clock.random::<32>()))
                .map_err(|error| refused("write", error))?;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| refused("read", error))?;
        let text = text.trim();
        if text.len() < MIN_KEY {
            return Err(format!(
                "the key in {} has {} bytes: at least {MIN_KEY} are needed. Restore it from a backup; without it, programs \
                 sign in again and time codes are set up anew",
                path.display(),
                text.len()
            ));
        }
        Ok(Self::new(text.as_bytes()))
    }

    /// From these bytes.
    pub fn new(master: &[u8]) -> Self {
        let key = |purpose: &str| mac(master, purpose.as_bytes());
        let access = key("talkhub/access/v1");
        let seal =
            UnboundKey::new(&CHACHA20_POLY1305, &key("talkhub/seal/v1")).expect("the key is 32 bytes long");
        Self {
            id: URL_SAFE_NO_PAD.encode(&mac(&access, b"talkhub/key-id/v1")[..6]),
            access,
            device: key("talkhub/device/v1"),
            seal: Arc::new(LessSafeKey::new(seal)),
        }
    }

    /// Names the key without telling anything of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 as base64url.
    pub fn sign(&self, purpose: Purpose, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(mac(self.key(purpose), text.as_bytes()))
    }

    /// Whether `signature` was made by [`Keys::sign`] for this text; takes as long either way.
    pub fn fits(&self, purpose: Purpose, text: &str, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        hmac(self.key(purpose), text.as_bytes())
            .verify_slice(&signature)
            .is_ok()
    }

    /// Makes `secret` unreadable for whoever has the database alone; `about` says whose it is and must be the same when it
    /// is opened.
    pub fn seal(&self, clock: &Clock, about: &str, secret: &[u8]) -> String {
        let nonce: [u8; NONCE_LEN] = clock.random();
        let mut sealed = secret.to_vec();
        self.seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(about.as_bytes()),
                &mut sealed,
            )
            .expect("what is sealed is short");
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// What was sealed; `None` under another key, or for somebody else.
    pub fn unseal(&self, about: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let opened = self
            .seal
            .open_in_place(nonce, Aad::from(about.as_bytes()), &mut rest);
        opened.ok().map(|secret| secret.to_vec())
    }

    fn key(&self, purpose: Purpose) -> &[u8] {
        match purpose {
            Purpose::Access => &self.access,
            Purpose::Device => &self.device,
        }
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    hmac(key, text).finalize().into_bytes().into()
}

/// Whole or not at all: a start that is cut off leaves no half key behind.
fn make(path: &Path, key: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    // Another start at this moment may have been faster: then its key stands.
    if path.exists() {
        std::fs::remove_file(&draft)
    } else {
        std::fs::rename(&draft, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_for_one_thing_is_worth_nothing_for_another() {
        let (keys, other) = (Keys::new(b"one"), Keys::new(b"two"));
        let signature = keys.sign(Purpose::Access, "text");
        assert!(keys.fits(Purpose::Access, "text", &signature));
        assert!(!keys.fits(Purpose::Device, "text", &signature));
        assert!(!keys.fits(Purpose::Access, "texts", &signature));
        assert!(!other.fits(Purpose::Access, "text", &signature));
        assert!(!keys.fits(Purpose::Access, "text", "not base64!"));
        assert_ne!(keys.id(), other.id());
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_for_the_same_person_only() {
        let (keys, clock) = (Keys::new(b"one"), Clock::system());
        let sealed = keys.seal(&clock, "1000000001", b"hush");
        assert_eq!(keys.unseal("1000000001", &sealed).as_deref(), Some(&b"hush"[..]));
        assert_eq!(keys.unseal("1000000002", &sealed), None);
        assert_eq!(Keys::new(b"two").unseal("1000000001", &sealed), None);
        assert_eq!(keys.unseal("1000000001", "short"), None);
        assert_ne!(
            sealed,
            keys.seal(&clock, "1000000001", b"hush"),
            "never the same twice"
        );
    }

    fn config(folder: &Path, more: &[(&str, &str)]) -> Config {
        let folder = ("TALKHUB_DATA_DIR".to_owned(), folder.display().to_string());
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_values(None, more.chain([folder]).collect()).unwrap()
    }

    #[test]
    fn sec31_the_key_is_made_once_and_for_its_owner_alone() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::system());
        let config = config(&folder.path().join("data"), &[]);
        let first = Keys::open(&config, &clock).unwrap();
        assert_eq!(Keys::open(&config, &clock).unwrap().id(), first.id());
        let path = folder.path().join("data").join(FILE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&path, "short").unwrap();
        let refused = Keys::open(&config, &clock).err().unwrap();
        assert!(refused.contains("has 5 bytes"), "{refused}");
    }

    #[test]
    fn a_key_that_is_set_needs_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let key = "k".repeat(32);
        let config = config(folder.path(), &[("TALKHUB_SIGNING_KEY", &key)]);
        let keys = Keys::open(&config, &Clock::system()).unwrap();
        assert_eq!(keys.id(), Keys::new(key.as_bytes()).id());
        assert!(!folder.path().join(FILE).exists());
    }
}
