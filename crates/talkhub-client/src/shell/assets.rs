//! The built page inside the program, and how browsers get it.

use crate::platform::page::{Assets, Bundle};
use crate::platform::problem::{Problem, Result};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(RustEmbed)]
#[folder = "$TALKHUB_UI"]
struct Built;

/// Changes with the built page, so that this file is compiled again.
const _STAMP: &str = env!("TALKHUB_UI_STAMP");

#[derive(Deserialize)]
struct Chunk {
    file: String,
    #[serde(default)]
    css: Vec<String>,
    #[serde(default)]
    imports: Vec<String>,
}

/// The entry points as the bundler's manifest has them; empty ones where the page was not built.
pub fn find() -> Assets {
    let manifest = Built::get(".vite/manifest.json");
    let chunks: HashMap<String, Chunk> = manifest
        .and_then(|file| serde_json::from_slice(&file.data).ok())
        .unwrap_or_default();
    Assets {
        app: bundle(&chunks, "src/app/main.dom.tsx"),
        account: bundle(&chunks, "src/app/account.dom.ts"),
    }
}

fn bundle(chunks: &HashMap<String, Chunk>, entry: &str) -> Bundle {
    let Some(chunk) = chunks.get(entry) else {
        return Bundle::default();
    };
    let mut bundle = Bundle {
        script: path(&chunk.file),
        ..Bundle::default()
    };
    collect(chunks, chunk, &mut bundle);
    bundle
}

fn collect(chunks: &HashMap<String, Chunk>, chunk: &Chunk, bundle: &mut Bundle) {
    for import in chunk.imports.iter().filter_map(|name| chunks.get(name)) {
        let preload = path(&import.file);
        if !bundle.preloads.contains(&preload) {
            bundle.preloads.push(preload);
            collect(chunks, import, bundle);
        }
    }
    for style in chunk.css.iter().map(|file| path(file)) {
        if !bundle.styles.contains(&style) {
            bundle.styles.push(style);
        }
    }
}

fn path(file: &str) -> String {
    format!("/assets/{file}")
}

/// `GET /assets/{file}`
pub async fn show(request: HttpRequest, file: actix_web::web::Path<String>) -> Result<HttpResponse> {
    if file.starts_with('.') || file.ends_with(".br") || file.ends_with(".gz") {
        return Err(Problem::Missing("file"));
    }
    let plain = Built::get(&file).ok_or(Problem::Missing("file"))?;
    let tag = tag(&plain);
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::ETAG, tag.clone()))
        .insert_header((header::VARY, "Accept-Encoding"));
    let lasting = if is_hashed(&file) {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    answer.insert_header((header::CACHE_CONTROL, lasting));
    answer.content_type(
        mime_guess::from_path(file.as_str())
            .first_or_octet_stream()
            .to_string(),
    );
    if request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok(answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    let accepted = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    for (name, ending) in [("br", "br"), ("gzip", "gz")] {
        let takes = accepted
            .split(',')
            .any(|part| part.split(';').next().unwrap_or("").trim() == name);
        if let Some(packed) = Built::get(&format!("{file}.{ending}")).filter(|_| takes) {
            answer.insert_header((header::CONTENT_ENCODING, name));
            return Ok(answer.body(packed.data.into_owned()));
        }
    }
    Ok(answer.body(plain.data.into_owned()))
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    format!(
        "\"{}\"",
        hash[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}

/// `name-HASH.ext`, as the bundler names what never changes under its name; the hash has 8 characters of base64url.
fn is_hashed(file: &str) -> bool {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let Some(tail) = stem.len().checked_sub(9).and_then(|at| stem.get(at..)) else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    tail.starts_with('-') && tail.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_hashed;

    #[test]
    fn only_files_with_a_hash_in_their_name_last() {
        for lasting in [
            "main.dom-OtuaIhVy.js",
            "words.std-Di9V0-v5.js",
            "words-DjlDThC-.css",
        ] {
            assert!(is_hashed(lasting), "{lasting}");
        }
        for changing in ["mark.svg", "a-b.js", ".vite/manifest.json", "é-1234567.js"] {
            assert!(!is_hashed(changing), "{changing}");
        }
    }
}
