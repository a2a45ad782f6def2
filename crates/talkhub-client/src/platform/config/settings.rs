//! The list of settings: name, default, what is allowed, what it is for. `docs/configuration.md` is checked against it.

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Flag,
    /// A whole number from … to …
    Number(u64, u64),
    /// Never shown; may also come from the file that `<NAME>_FILE` names.
    Secret,
    /// A URL that may hold a password.
    Hidden,
}

/// One setting. In `talkhub.toml` its key is the name in lower case without `TALKHUB_`.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub default: &'static str,
    pub kind: Kind,
    pub meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, kind: Kind, meaning: &'static str) -> Setting {
    Setting {
        name,
        default,
        kind,
        meaning,
    }
}

use Kind::{Flag, Hidden, Number, Text};

/// All settings of the logic server, in the order in which the documentation lists them.
pub const SETTINGS: &[Setting] = &[
    setting(
        "TALKHUB_BIND",
        "127.0.0.1:8000",
        Text,
        "Where the pages and the API are served.",
    ),
    setting(
        "TALKHUB_PUBLIC_URL",
        "",
        Text,
        "Addresses that people type, separated by commas; the first is used in links. Unset: the bound address.",
    ),
    setting(
        "TALKHUB_DATA_DIR",
        "./talkhub-data",
        Text,
        "Folder for the SQLite file, the signing key, and pictures that people upload.",
    ),
    setting(
        "TALKHUB_SIGNING_KEY",
        "",
        Kind::Secret,
        "Signs tokens and cookies, seals second factors: at least 32 bytes, the same for all logic servers of one database. Unset: signing.key in the data folder, made at the first start.",
    ),
    setting(
        "DATABASE_URL",
        "",
        Hidden,
        "sqlite:/path/talkhub.db or mysql://user:password@host:3306/talkhub. Unset: talkhub.db in the data folder.",
    ),
    setting(
        "RELAY_SERVER_URL",
        "http://127.0.0.1:5050",
        Text,
        "The relay that the logic server dials.",
    ),
    setting(
        "TALKHUB_RELAY_PUBLIC_URL",
        "",
        Text,
        "The relay as browsers reach it. Unset: RELAY_SERVER_URL, or the page's host with the relay's port where that is loopback.",
    ),
    setting(
        "TALKHUB_RELAY_SECRET",
        shared_protocol::internal::DEVELOPMENT_SECRET,
        Kind::Secret,
        "Shared with the relay: at least 32 bytes, optionally as keyid:secret.",
    ),
    setting(
        "TALKHUB_RELAY_SECRET_PREVIOUS",
        "",
        Kind::Secret,
        "The secret before this one, while it is being changed: what the relay passed on under it is still believed.",
    ),
    setting(
        "TALKHUB_ALLOW_INSECURE_RELAY",
        "off",
        Flag,
        "Allows http:// to a relay outside private networks.",
    ),
    setting(
        "TALKHUB_TRUSTED_PROXIES",
        "",
        Text,
        "Addresses of reverse proxies, separated by commas: their X-Forwarded-For and X-Forwarded-Proto count.",
    ),
    setting(
        "TALKHUB_PRODUCTION",
        "",
        Text,
        "on or off. Unset: on when the first public URL is https. Refuses weak secrets and weak durability.",
    ),
    setting(
        "TALKHUB_WORKERS",
        "2",
        Number(1, 256),
        "Threads that serve requests.",
    ),
    setting(
        "TALKHUB_BODY_TIMEOUT",
        "15",
        Number(1, 600),
        "Seconds that a request may take to send its body.",
    ),
    setting(
        "TALKHUB_LIVE_PER_PERSON",
        "20",
        Number(1, 1000),
        "Streams over HTTPS that one person may have while the relay is out of reach.",
    ),
    setting(
        "TALKHUB_LIVE_PING",
        "10",
        Number(1, 60),
        "Seconds between heartbeats on such a stream, a text and a ping; it ends after three pings without an answer, and a page gives it up after two and a half without a text.",
    ),
    setting(
        "TALKHUB_DATABASE_CONNECTIONS",
        "8",
        Number(2, 256),
        "Connections for reading (and, on MySQL, as many for writing).",
    ),
    setting(
        "TALKHUB_DATABASE_WAIT",
        "5",
        Number(1, 60),
        "Seconds to wait for a free connection or a lock; a request waits twice as long in all.",
    ),
    setting(
        "TALKHUB_RELAY_LEASE",
        "900",
        Number(10, 3600),
        "Seconds that a registration at the relay lasts; renewed at a third of it.",
    ),
    setting(
        "TALKHUB_RELAY_TIMEOUT",
        "5",
        Number(1, 60),
        "Seconds to wait for an answer of the relay.",
    ),
    setting(
        "TALKHUB_LINK_PING",
        "5",
        Number(1, 60),
        "Seconds between pings on the link; it is given up after two without an answer.",
    ),
    setting(
        "TALKHUB_LINK_RETRY_MS",
        "500",
        Number(10, 60_000),
        "Milliseconds between tries to reach the relay.",
    ),
    setting(
        "TALKHUB_BCRYPT_COST",
        "12",
        Number(12, 16),
        "Cost of password hashes; raised ones take effect at the next sign-in.",
    ),
    setting(
        "TALKHUB_USER_IDS",
        "1000000000-9999999999",
        Text,
        "The range from which user IDs are generated.",
    ),
    setting(
        "TALKHUB_SESSION_IDLE_DAYS",
        "30",
        Number(1, 3650),
        "Days without a visit after which a sign-in ends.",
    ),
    setting(
        "TALKHUB_SESSION_END_DAYS",
        "365",
        Number(1, 3650),
        "Days after which a sign-in ends in any case.",
    ),
    setting(
        "TALKHUB_LOOKUPS_PER_MINUTE",
        "30",
        Number(1, 100_000),
        "Exact look-ups of user IDs, for each person.",
    ),
    setting(
        "TALKHUB_SEARCHES_PER_MINUTE",
        "120",
        Number(1, 100_000),
        "Searches for people, for each person.",
    ),
    setting(
        "TALKHUB_CONTACT_REQUESTS_PER_MINUTE",
        "20",
        Number(1, 100_000),
        "Contact requests, for each person.",
    ),
    setting(
        "TALKHUB_REGISTRATIONS_PER_MINUTE",
        "30",
        Number(1, 100_000),
        "New accounts, for each network.",
    ),
    setting(
        "TALKHUB_ID_OFFERS_PER_MINUTE",
        "120",
        Number(1, 100_000),
        "Offers and checks of free user IDs, for each network.",
    ),
    setting(
        "TALKHUB_RELAY_IDS_PER_MINUTE",
        "120",
        Number(1, 100_000),
        "New relay IDs, for each person: one for each tab that opens or comes back after long.",
    ),
    setting(
        "TALKHUB_SIGN_INS_PER_MINUTE",
        "60",
        Number(1, 100_000),
        "Tries to sign in, for each network.",
    ),
    setting(
        "TALKHUB_AVATARS_PER_MINUTE",
        "10",
        Number(1, 100_000),
        "New pictures of oneself, for each person.",
    ),
    setting(
        "TALKHUB_AVATAR_MAX_MB",
        "10",
        Number(1, 100),
        "The largest picture that may be uploaded as an avatar, in MB.",
    ),
    setting(
        "TALKHUB_RESETS_PER_MINUTE",
        "10",
        Number(1, 100_000),
        "Links for new passwords asked for by mail, for each network.",
    ),
    setting(
        "TALKHUB_AUDIT_DAYS",
        "365",
        Number(1, 3650),
        "Days that lines about what was done with an account are kept.",
    ),
    setting(
        "TALKHUB_ADMIN_SECOND_FACTOR",
        "off",
        Flag,
        "Whether administrators need two-step sign-in: without it they get in nowhere but where it is set up.",
    ),
    setting(
        "TALKHUB_SMTP_URL",
        "",
        Kind::Secret,
        "The mail server: smtps://user:password@host, or smtp://… (STARTTLS; plain only on loopback and in private networks). Unset: nothing is mailed.",
    ),
    setting(
        "TALKHUB_MAIL_FROM",
        "",
        Text,
        "From whom mails are, such as Talkhub <talkhub@example.org>. Needed with TALKHUB_SMTP_URL.",
    ),
    setting(
        "TALKHUB_SMTP_TIMEOUT",
        "20",
        Number(1, 300),
        "Seconds to wait for an answer of the mail server.",
    ),
    setting(
        "TALKHUB_CONVERSATIONS_PER_MINUTE",
        "60",
        Number(1, 100_000),
        "Private conversations opened by their person's ID, for each person.",
    ),
    setting(
        "TALKHUB_MESSAGES_PER_MINUTE",
        "1200",
        Number(1, 100_000),
        "Messages sent over HTTPS, for each person; by the relay its own limits hold.",
    ),
    setting(
        "TALKHUB_PRESENCE_COLLECT_MS",
        "1000",
        Number(10, 60_000),
        "Milliseconds for which comings and goings are collected before they are told.",
    ),
    setting(
        "TALKHUB_PRESENCE_GRACE_MS",
        "4000",
        Number(0, 60_000),
        "Milliseconds after a lost connection in which nobody is told: a reload is no departure.",
    ),
    setting(
        "TALKHUB_PRESENCE_EXPIRY",
        "55",
        Number(1, 600),
        "Seconds without a heartbeat after which somebody counts as gone.",
    ),
    setting(
        "TALKHUB_PRESENCE_IDLE",
        "600",
        Number(1, 86_400),
        "Seconds without a key or pointer in any tab after which somebody is shown as away.",
    ),
    setting(
        "TALKHUB_RELAY_ID_FORGET",
        "40",
        Number(1, 3600),
        "Seconds without a connection after which a relay ID is dropped.",
    ),
    setting(
        "TALKHUB_PRESENCE_CHANGES_PER_MINUTE",
        "60",
        Number(1, 100_000),
        "Changes of what one is shown as, and tabs that fall idle or wake up, for each person.",
    ),
    setting(
        "TALKHUB_COMMIT_BATCH",
        "512",
        Number(1, 4096),
        "Messages that one commit takes at most.",
    ),
    setting(
        "TALKHUB_COMMIT_QUEUE",
        "16384",
        Number(16, 1_000_000),
        "Messages that may wait for a commit; more are told to come back.",
    ),
    setting(
        "TALKHUB_COMMIT_QUEUE_BYTES",
        "67108864",
        Number(1_048_576, 4_294_967_295),
        "Bytes of messages that may wait for a commit; more are told to come back.",
    ),
    setting(
        "TALKHUB_HOLD_MS",
        "2000",
        Number(0, 10_000),
        "Milliseconds that new messages wait, after an absence of the logic server, for those that the relay passed on meanwhile, which are stored first; three times as long, but at most 8 s, if the relay was started again too.",
    ),
    setting(
        "TALKHUB_MOST_CHANGES",
        "2000",
        Number(10, 100_000),
        "Changed rows that a catch-up gives before it says: load afresh.",
    ),
    setting(
        "TALKHUB_LOG",
        "info,actix_server=warn",
        Text,
        "What is logged: a level, or levels by part such as info,talkhub_client=debug.",
    ),
    setting("TALKHUB_LOG_FORMAT", "plain", Text, "plain or json."),
];
