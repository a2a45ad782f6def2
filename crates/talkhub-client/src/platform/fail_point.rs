//! Fail points: places where the chaos run lets the program die. They exist only with the feature `chaos`.

use std::path::PathBuf;
use std::sync::OnceLock;

/// Names the file that says where to die next.
const VARIABLE: &str = "CHAOS_FAIL_POINT_FILE";

/// Where the program can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Submits were read from the link, and nothing was done with them yet.
    LinkRead,
    /// Rows are written, and not committed.
    BeforeCommit,
    /// Rows are committed, and nobody knows.
    AfterCommit,
    /// The relay has been told what is stored.
    AfterSettle,
    /// A message that came over HTTPS is committed, and nobody else has been told.
    BeforeForward,
}

impl Point {
    /// As it stands in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinkRead => "link-read",
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::AfterSettle => "after-settle",
            Self::BeforeForward => "before-forward",
        }
    }
}

/// Dies here, at once and without a word, if the file says so. The file is removed first, so that the next start lives.
pub fn pass(point: Point) {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let Some(file) = FILE.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from)) else {
        return;
    };
    if std::fs::read_to_string(file).is_ok_and(|text| text.trim() == point.name())
        && std::fs::remove_file(file).is_ok()
    {
        std::process::abort();
    }
}
