//! Every setting, read once: defaults here ← `talkhub.toml` ← environment. Nothing else reads the environment.

mod reader;
mod settings;
#[cfg(test)]
mod tests;

pub use settings::{SETTINGS, Setting};

use crate::platform::db::{Place, PoolSize};
use crate::platform::mail;
use crate::platform::secret::Secret;
use reader::Reader;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The relay takes 20 origins for each registration.
const MOST_PUBLIC_URLS: usize = 16;

/// A setting that cannot be used: names the setting, the value (never a secret) and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(pub String);

/// All settings of the logic server.
#[derive(Clone, Debug)]
pub struct Config {
    pub http: Http,
    pub database: Database,
    pub relay: Relay,
    pub accounts: Accounts,
    pub presence: Presence,
    pub messages: Messages,
    pub mail: Mail,
    pub logs: Logs,
    /// Refuses what is only good for trying things out.
    pub production: bool,
    /// Settings that were given and mean nothing, each with a sentence.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Http {
    pub bind: SocketAddr,
    /// Origins (`https://chat.example.org`); the first is the one for links.
    pub public_urls: Vec<String>,
    /// Whether they were set, or made up from the bound address.
    pub has_public_url: bool,
    pub trusted_proxies: Vec<IpAddr>,
    pub body_timeout: Duration,
    /// Streams over HTTPS that one person may have.
    pub live_per_person: usize,
    pub live_ping: Duration,
    pub workers: usize,
}

#[derive(Clone, Debug)]
pub struct Database {
    pub place: Place,
    pub pool: PoolSize,
    pub data_dir: PathBuf,
}

#[derive(Clone, Debug)]
pub struct Relay {
    /// What the logic server dials.
    pub url: String,
    /// What browsers use, if it is another.
    pub public_url: Option<String>,
    pub secret: Secret,
    /// The one before, while it is being changed: receipts that it signed still prove what they say.
    pub secret_previous: Option<Secret>,
    pub lease: Duration,
    pub ping: Duration,
    pub request_timeout: Duration,
    pub retry: Duration,
}

#[derive(Clone, Debug)]
pub struct Accounts {
    /// What tokens and cookies are signed with; unset: a file in the data folder.
    pub signing_key: Option<Secret>,
    pub bcrypt_cost: u32,
    pub hashing_threads: usize,
    /// The range of generated user IDs.
    pub user_ids: RangeInclusive<i64>,
    pub session_idle: Duration,
    pub session_end: Duration,
    pub lookups_per_minute: u32,
    pub searches_per_minute: u32,
    pub requests_per_minute: u32,
    pub registrations_per_minute: u32,
    pub id_offers_per_minute: u32,
    pub relay_ids_per_minute: u32,
    pub sign_ins_per_minute: u32,
    pub avatars_per_minute: u32,
    /// The largest picture that is taken, in bytes.
    pub avatar_most: u64,
    /// Pictures that are drawn at once.
    pub image_threads: usize,
    pub resets_per_minute: u32,
    /// How long lines about what was done with accounts are kept.
    pub audit: Duration,
    /// Whether administrators need a second factor.
    pub admin_second_factor: bool,
}

#[derive(Clone, Debug)]
pub struct Presence {
    /// How long changes are collected before they are told.
    pub collect: Duration,
    /// How long somebody without a connection still counts as there: a reload is no departure.
    pub grace: Duration,
    /// After so long without a heartbeat nobody counts as there.
    pub expiry: Duration,
    /// After so long without a key or pointer a page says that nobody uses it.
    pub idle: Duration,
    /// After so long without a connection a relay ID is dropped.
    pub forget: Duration,
    pub changes_per_minute: u32,
}

#[derive(Clone, Debug)]
pub struct Messages {
    /// How many messages one commit takes at most.
    pub batch: usize,
    /// How many messages may wait for the commit.
    pub queue: usize,
    /// How many bytes of them.
    pub queue_bytes: usize,
    /// How long new messages wait, after an absence of ours, for those that the relay passed on meanwhile.
    pub hold: Duration,
    /// How many changed rows a catch-up gives at most before it says "load afresh".
    pub most_changes: i64,
    pub conversations_per_minute: u32,
    pub per_minute: u32,
}

#[derive(Clone, Debug)]
pub struct Mail {
    /// The mail server; without one nothing is mailed.
    pub server: Option<Secret>,
    /// From whom mails are: `Talkhub <talkhub@example.org>`.
    pub from: String,
    /// How long the mail server may take for one answer.
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct Logs {
    pub filter: String,
    pub json: bool,
}

impl Relay {
    /// The secrets under which the relay may have signed receipts, the present one first.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.secret).chain(&self.secret_previous)
    }
}

impl Config {
    /// From the process's environment and, if there is one, `talkhub.toml` (or the file named by `--config`).
    pub fn read(file: Option<&Path>) -> Result<Self, BadSetting> {
        Self::from_values(file, std::env::vars().collect())
    }

    /// The same from given variables, for tests.
    pub fn from_values(file: Option<&Path>, variables: Vec<(String, String)>) -> Result<Self, BadSetting> {
        let mut reader = Reader::new(file, variables)?;
        let mut config = Self::assemble(&mut reader)?;
        config.check_together(&reader)?;
        config.warnings.extend(config.doubts());
        Ok(config)
    }

    fn assemble(read: &mut Reader) -> Result<Self, BadSetting> {
        let bind: SocketAddr = read.parsed("TALKHUB_BIND", "an address such as 127.0.0.1:8000")?;
        let data_dir = PathBuf::from(read.text("TALKHUB_DATA_DIR"));
        let public_urls = read.origins("TALKHUB_PUBLIC_URL")?;
        let has_public_url = !public_urls.is_empty();
        let public_urls = if public_urls.is_empty() {
            default_origins(bind)
        } else {
            public_urls
        };
        let production = match read.text("TALKHUB_PRODUCTION").as_str() {
            "" => public_urls.first().is_some_and(|url| url.starts_with("https://")),
            _ => read.flag("TALKHUB_PRODUCTION")?,
        };
        let place = match read.text("DATABASE_URL").as_str() {
            "" => Place::Sqlite(data_dir.join("talkhub.db")),
            url => Place::parse(url).map_err(|allowed| read.bad_hidden("DATABASE_URL", &allowed))?,
        };
        Ok(Self {
            http: Http {
                bind,
                public_urls,
                has_public_url,
                trusted_proxies: read.addresses("TALKHUB_TRUSTED_PROXIES")?,
                live_per_person: read.number("TALKHUB_LIVE_PER_PERSON")? as usize,
                live_ping: read.seconds("TALKHUB_LIVE_PING")?,
                body_timeout: read.seconds("TALKHUB_BODY_TIMEOUT")?,
                workers: read.number("TALKHUB_WORKERS")? as usize,
            },
            database: Database {
                place,
                pool: PoolSize {
                    connections: read.number("TALKHUB_DATABASE_CONNECTIONS")? as u32,
                    wait: read.seconds("TALKHUB_DATABASE_WAIT")?,
                },
                data_dir,
            },
            relay: Relay {
                url: read.origin("RELAY_SERVER_URL")?.unwrap_or_default(),
                public_url: read.origin("TALKHUB_RELAY_PUBLIC_URL")?,
                secret: Secret::new(read.text("TALKHUB_RELAY_SECRET")),
                secret_previous: Some(read.text("TALKHUB_RELAY_SECRET_PREVIOUS"))
                    .filter(|secret| !secret.is_empty())
                    .map(Secret::new),
                lease: read.seconds("TALKHUB_RELAY_LEASE")?,
                ping: read.seconds("TALKHUB_LINK_PING")?,
                request_timeout: read.seconds("TALKHUB_RELAY_TIMEOUT")?,
                retry: read.millis("TALKHUB_LINK_RETRY_MS")?,
            },
            accounts: Accounts {
                signing_key: Some(read.text("TALKHUB_SIGNING_KEY"))
                    .filter(|key| !key.is_empty())
                    .map(Secret::new),
                bcrypt_cost: read.number("TALKHUB_BCRYPT_COST")? as u32,
                hashing_threads: std::thread::available_parallelism()
                    .map_or(1, |cores| cores.get().max(2) - 1),
                user_ids: read.user_ids("TALKHUB_USER_IDS")?,
                session_idle: Duration::from_secs(86_400 * read.number("TALKHUB_SESSION_IDLE_DAYS")?),
                session_end: Duration::from_secs(86_400 * read.number("TALKHUB_SESSION_END_DAYS")?),
                lookups_per_minute: read.number("TALKHUB_LOOKUPS_PER_MINUTE")? as u32,
                searches_per_minute: read.number("TALKHUB_SEARCHES_PER_MINUTE")? as u32,
                requests_per_minute: read.number("TALKHUB_CONTACT_REQUESTS_PER_MINUTE")? as u32,
                registrations_per_minute: read.number("TALKHUB_REGISTRATIONS_PER_MINUTE")? as u32,
                sign_ins_per_minute: read.number("TALKHUB_SIGN_INS_PER_MINUTE")? as u32,
                resets_per_minute: read.number("TALKHUB_RESETS_PER_MINUTE")? as u32,
                audit: Duration::from_secs(86_400 * read.number("TALKHUB_AUDIT_DAYS")?),
                admin_second_factor: read.flag("TALKHUB_ADMIN_SECOND_FACTOR")?,
                relay_ids_per_minute: read.number("TALKHUB_RELAY_IDS_PER_MINUTE")? as u32,
                avatars_per_minute: read.number("TALKHUB_AVATARS_PER_MINUTE")? as u32,
                avatar_most: read.number("TALKHUB_AVATAR_MAX_MB")? << 20,
                image_threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().max(2) - 1),
                id_offers_per_minute: read.number("TALKHUB_ID_OFFERS_PER_MINUTE")? as u32,
            },
            presence: Presence {
                collect: read.millis("TALKHUB_PRESENCE_COLLECT_MS")?,
                grace: read.millis("TALKHUB_PRESENCE_GRACE_MS")?,
                expiry: read.seconds("TALKHUB_PRESENCE_EXPIRY")?,
                idle: read.seconds("TALKHUB_PRESENCE_IDLE")?,
                forget: read.seconds("TALKHUB_RELAY_ID_FORGET")?,
                changes_per_minute: read.number("TALKHUB_PRESENCE_CHANGES_PER_MINUTE")? as u32,
            },
            messages: Messages {
                batch: read.number("TALKHUB_COMMIT_BATCH")? as usize,
                queue: read.number("TALKHUB_COMMIT_QUEUE")? as usize,
                queue_bytes: read.number("TALKHUB_COMMIT_QUEUE_BYTES")? as usize,
                hold: Duration::from_millis(read.number("TALKHUB_HOLD_MS")?),
                most_changes: read.number("TALKHUB_MOST_CHANGES")? as i64,
                conversations_per_minute: read.number("TALKHUB_CONVERSATIONS_PER_MINUTE")? as u32,
                per_minute: read.number("TALKHUB_MESSAGES_PER_MINUTE")? as u32,
            },
            mail: Mail {
                server: Some(read.text("TALKHUB_SMTP_URL"))
                    .filter(|url| !url.is_empty())
                    .map(Secret::new),
                from: read.text("TALKHUB_MAIL_FROM"),
                timeout: read.seconds("TALKHUB_SMTP_TIMEOUT")?,
            },
            logs: Logs {
                filter: read.text("TALKHUB_LOG"),
                json: read.choice("TALKHUB_LOG_FORMAT", &["plain", "json"])? == "json",
            },
            production,
            warnings: read.take_warnings(),
        })
    }

    /// What one setting cannot know of another.
    fn check_together(&self, read: &Reader) -> Result<(), BadSetting> {
        let secret = self.relay.secret.expose();
        let built_in = secret == shared_protocol::internal::DEVELOPMENT_SECRET;
        let relay_here = is_loopback_url(&self.relay.url);
        if built_in && (self.production || !self.http.bind.ip().is_loopback() || !relay_here) {
            return Err(BadSetting(
                "TALKHUB_RELAY_SECRET is not set: the built-in one works only while both programs listen on loopback \
                 and not in production. Set the same secret of at least 32 bytes for both programs, for example from \
                 `openssl rand -base64 33`"
                    .into(),
            ));
        }
        let names = ["TALKHUB_RELAY_SECRET", "TALKHUB_RELAY_SECRET_PREVIOUS"];
        for (name, secret) in names.into_iter().zip(self.relay.secrets()) {
            let (_, secret) = shared_protocol::internal::split_secret(secret.expose());
            if secret.len() < shared_protocol::internal::MIN_SECRET {
                return Err(BadSetting(format!(
                    "{name} has {} bytes: at least {} are needed, for example from `openssl rand -base64 33`",
                    secret.len(),
                    shared_protocol::internal::MIN_SECRET
                )));
            }
        }
        let short = |key: &Secret| key.expose().len() < crate::platform::keys::MIN_KEY;
        if self.accounts.signing_key.as_ref().is_some_and(short) {
            return Err(BadSetting(format!(
                "TALKHUB_SIGNING_KEY is too short: at least {} bytes are needed, for example from `openssl rand -base64 33`",
                crate::platform::keys::MIN_KEY
            )));
        }
        if self.relay.url.starts_with("http://")
            && !is_near_url(&self.relay.url)
            && !read.is_on("TALKHUB_ALLOW_INSECURE_RELAY")
        {
            return Err(BadSetting(format!(
                "RELAY_SERVER_URL is \"{}\": outside loopback and private networks it must begin with https:// \
                 (or set TALKHUB_ALLOW_INSECURE_RELAY=on, if something else encrypts the way)",
                self.relay.url
            )));
        }
        mail::check(&self.mail).map_err(BadSetting)?;
        if MOST_PUBLIC_URLS < self.http.public_urls.len() {
            let count = self.http.public_urls.len();
            return Err(BadSetting(format!(
                "TALKHUB_PUBLIC_URL names {count} addresses: at most {MOST_PUBLIC_URLS}"
            )));
        }
        Ok(())
    }

    /// What works, and is probably not meant.
    fn doubts(&self) -> Vec<String> {
        let first = self.http.public_urls.first().map_or("", String::as_str);
        let bare = "TALKHUB_PUBLIC_URL is https and TALKHUB_TRUSTED_PROXIES is empty: if a proxy speaks TLS for this \
                    program, name its address there, or cookies are not marked Secure";
        let lost = "TALKHUB_SMTP_URL is set and TALKHUB_PUBLIC_URL is not: links in mails lead to";
        let is_bare = first.starts_with("https://") && self.http.trusted_proxies.is_empty();
        let is_lost = self.mail.server.is_some() && !self.http.has_public_url;
        let bare = is_bare.then(|| bare.to_owned()).into_iter();
        bare.chain(is_lost.then(|| format!("{lost} {first}"))).collect()
    }

    /// Lines `NAME = value` of what is in force; secrets only as set or not set.
    pub fn print(file: Option<&Path>) -> Result<String, BadSetting> {
        let reader = Reader::new(file, std::env::vars().collect())?;
        Ok(SETTINGS
            .iter()
            .map(|setting| format!("{} = {}\n", setting.name, reader.shown(setting)))
            .collect())
    }
}

fn default_origins(bind: SocketAddr) -> Vec<String> {
    let port = bind.port();
    if bind.ip().is_loopback() || bind.ip().is_unspecified() {
        vec![
            format!("http://127.0.0.1:{port}"),
            format!("http://localhost:{port}"),
        ]
    } else {
        vec![format!("http://{bind}")]
    }
}

/// The host of an origin without its port.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => rest.split([':', '/']).next().unwrap_or(rest),
    }
}

/// Whether the host of this origin is this machine.
pub fn is_loopback_url(url: &str) -> bool {
    let host = host_of(url);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether the host is loopback, of a private network, or a name without dots (a container beside us).
pub fn is_near_url(url: &str) -> bool {
    let host = host_of(url);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => !host.contains('.') || host.ends_with(".internal") || host.ends_with(".local"),
    }
}
