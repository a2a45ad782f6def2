//! `config print`: the settings in effect, without secrets.

use super::Config;
use super::settings::{Kind, all};

/// One line per setting, as it would stand in talkhub-relay.toml; of secrets only whether they are set.
pub fn print(config: &Config) -> String {
    let mut config = config.clone();
    let lines = all().map(|setting| match setting.kind {
        Kind::Number { field, .. } => format!("{} = {}\n", setting.name, field(&mut config)),
        Kind::Text { show, .. } => format!("{} = {:?}\n", setting.name, show(&config)),
        Kind::Secret { is_set, .. } => {
            let state = if is_set(&config) { "set" } else { "not set" };
            format!("# {}: {state}\n", setting.name)
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[test]
    fn sec31_secrets_are_not_printed() {
        let text = "a-secret-that-nobody-may-ever-see-printed";
        let config = Config {
            secret: Secret::parse(text),
            ..Config::default()
        };
        let printed = print(&config);
        assert!(printed.contains("# secret: set\n") && printed.contains("# secret_previous: not set\n"));
        assert!(!printed.contains(text) && !format!("{config:?}").contains(text));
    }

    #[test]
    fn what_is_printed_can_be_read() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), print(&Config::default())).expect("written");
        assert!(super::super::read(Some(file.path()), std::iter::empty()).is_ok());
    }
}
