//! Files that belong to rows: named by chance, in a folder of the data folder.

use crate::platform::clock::Clock;
use crate::platform::db::blocking;
use crate::platform::problem::{Problem, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// 128 random bits: whoever does not know it does not find the file. 22 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey(String);

impl BlobKey {
    /// A new one.
    pub fn new(clock: &Clock) -> Self {
        Self(URL_SAFE_NO_PAD.encode(clock.random::<16>()))
    }

    /// Only what [`BlobKey::new`] makes: no path, no dot.
    pub fn parse(text: &str) -> Option<Self> {
        let bits = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bits.len() == 16).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The folder of the files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: Arc<Path>,
}

impl Blobs {
    /// `folder` is made when the first file comes.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Keeps these bytes under `key`; when this returns they are on disk, whole.
    pub async fn put(&self, key: &BlobKey, bytes: Vec<u8>) -> Result<()> {
        let path = self.path(key);
        blocking(move || write_whole(&path, &bytes).map_err(full_or_broken)).await
    }

    /// The bytes under `key`, if there are any.
    pub async fn get(&self, key: &BlobKey) -> Result<Option<Vec<u8>>> {
        let path = self.path(key);
        let read = move || match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::Internal(error.into())),
        };
        blocking(read).await
    }

    /// Nothing is kept under `key` from now on. Safe to repeat.
    pub async fn delete(&self, key: &BlobKey) -> Result<()> {
        let path = self.path(key);
        let delete = move || match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Problem::Internal(error.into())),
            _ => Ok(()),
        };
        blocking(delete).await
    }

    /// Spread over folders by the first two characters.
    fn path(&self, key: &BlobKey) -> PathBuf {
        let name = key.as_str();
        self.folder.join(name.get(..2).unwrap_or("")).join(name)
    }
}

/// Under another name first: whoever finds the name finds the whole file, whenever the power goes.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let partly = path.with_extension("part");
    let written = fs::File::create(&partly)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partly, path));
    if written.is_err() {
        // Half a file is no use to anybody.
        drop(fs::remove_file(&partly));
        return written;
    }
    fs::File::open(folder)?.sync_all()
}

fn full_or_broken(error: std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Problem::Full,
        _ => Problem::Internal(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_there_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path().join("blobs"));
        let key = BlobKey::new(&Clock::system());
        assert_eq!(blobs.get(&key).await.unwrap(), None);
        blobs.put(&key, b"one".to_vec()).await.unwrap();
        blobs.put(&key, b"other".to_vec()).await.unwrap();
        assert_eq!(blobs.get(&key).await.unwrap().as_deref(), Some(&b"other"[..]));
        blobs.delete(&key).await.unwrap();
        blobs.delete(&key).await.unwrap();
        assert_eq!(blobs.get(&key).await.unwrap(), None);
    }

    #[test]
    fn sec19_a_key_is_no_path() {
        let key = BlobKey::new(&Clock::system());
        assert_eq!(BlobKey::parse(key.as_str()).as_ref(), Some(&key));
        for bad in [
            "",
            "..",
            "../../etc/passwd",
            "AAAAAAAAAAAAAAAAAAAAA/",
            "k7Fh0c1qS9mUe2aVnYw3Rg.part",
        ] {
            assert_eq!(BlobKey::parse(bad), None, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_a_fault_of_ours_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("blobs"), b"a file, no folder").unwrap();
        let blobs = Blobs::new(folder.path().join("blobs"));
        let key = BlobKey::new(&Clock::system());
        assert!(matches!(
            blobs.put(&key, Vec::new()).await,
            Err(Problem::Internal(_))
        ));
    }
}
