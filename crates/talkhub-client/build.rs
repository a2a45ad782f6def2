//! Tells the compiler where the built page is; without it the program builds all the same and says how to build it.

use std::path::{Path, PathBuf};

fn main() {
    let built = Path::new("ui/dist");
    println!("cargo:rerun-if-changed=ui/dist");
    println!("cargo:rerun-if-changed=words");
    let folder = if built.join(".vite/manifest.json").exists() {
        built.canonicalize().unwrap_or_else(|_| built.to_path_buf())
    } else {
        let empty = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("no-ui");
        // An empty folder: the page then says that it was not built.
        if let Err(error) = std::fs::create_dir_all(&empty) {
            println!("cargo:warning=cannot make {}: {error}", empty.display());
        }
        empty
    };
    println!("cargo:rustc-env=TALKHUB_UI={}", folder.display());
    println!("cargo:rustc-env=TALKHUB_UI_STAMP={}", stamp(&folder));
}

/// Changes whenever a built file does, so that the program is compiled again.
fn stamp(folder: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    let manifest = folder.join(".vite/manifest.json");
    std::fs::read(manifest).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
