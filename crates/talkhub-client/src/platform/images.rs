//! Pictures that people upload: judged by their header, decoded on threads of their own, drawn anew without metadata.

use crate::platform::problem::{Problem, Result};
use crate::platform::words::Said;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgba, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// More pixels than this are not decoded.
const MOST_PIXELS: u64 = 50_000_000;
/// The longest side, in pixels.
const LONGEST_SIDE: u32 = 16_384;
/// What decoding one picture may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// So long one picture may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many may wait; the next one is told to come back.
const QUEUE: usize = 16;
/// Photographs; a picture with transparency stays lossless.
const JPEG_QUALITY: u8 = 85;

/// Decodes pictures, a few at a time. Cheap to clone.
#[derive(Clone)]
pub struct Images {
    hands: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Images {
    /// `threads` pictures at once.
    pub fn new(threads: usize) -> Self {
        Self {
            hands: Arc::new(Semaphore::new(threads.max(1))),
            waiting: Arc::default(),
        }
    }

    /// The middle of this picture as a square of at most `side` pixels, upright, in sRGB, without metadata: a JPEG, or a
    /// PNG where something shines through. What cannot be taken is refused as a problem of `field`.
    pub async fn square(&self, bytes: Vec<u8>, side: u32, field: &'static str) -> Result<Vec<u8>> {
        if QUEUE <= self.waiting.fetch_add(1, Ordering::Relaxed) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::Busy(2));
        }
        let waiting = Waiting(self.waiting.clone());
        let hand = self.hands.clone().acquire_owned().await;
        let hand = hand.map_err(|error| Problem::Internal(error.into()))?;
        drop(waiting);
        // The thread keeps its hand until it is done, also when nobody waits for it any more.
        let drawn = tokio::task::spawn_blocking(move || {
            let drawn = draw_square(&bytes, side);
            drop(hand);
            drawn
        });
        match tokio::time::timeout(PATIENCE, drawn).await {
            // A decoder that falls over something has met a picture that is none.
            Ok(Err(_)) => Err(Problem::invalid(field, Said::new("image-broken"))),
            Ok(Ok(drawn)) => drawn.map_err(|said| Problem::invalid(field, said)),
            Err(_) => Err(Problem::invalid(field, Said::new("image-slow"))),
        }
    }
}

type Drawn<T> = std::result::Result<T, Said>;

fn draw_square(bytes: &[u8], side: u32) -> Drawn<Vec<u8>> {
    let (picture, profile) = decode(bytes)?;
    // Roughly first, with a simple filter: the fine one would look at every pixel of a large photo many times.
    let short = picture.width().min(picture.height());
    let rough = side.saturating_mul(2);
    let picture = if rough < short {
        let shrink = |length: u32| (u64::from(length) * u64::from(rough)).div_ceil(u64::from(short)) as u32;
        picture.thumbnail_exact(shrink(picture.width()), shrink(picture.height()))
    } else {
        picture
    };
    let short = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - short) / 2, (picture.height() - short) / 2);
    let side = side.min(short);
    let square = picture.crop_imm(left, top, short, short);
    let mut square = square.resize_exact(side, side, FilterType::CatmullRom).to_rgba8();
    if let Some(profile) = profile {
        to_srgb(&mut square, &profile);
    }
    encode(square)
}

/// The picture, upright, and the profile of its colours.
fn decode(bytes: &[u8]) -> Drawn<(DynamicImage, Option<Vec<u8>>)> {
    let none = || Said::new("image-none");
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| none())?;
    let format = reader.format().ok_or_else(none)?;
    let known = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ];
    if !known.contains(&format) {
        return Err(none());
    }
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width == 0 || height == 0 {
        return Err(Said::new("image-broken"));
    }
    // The decoders keep to their limits as well as they can; these two are kept here.
    if MOST_PIXELS < pixels || MOST_MEMORY < memory(bytes, format, pixels, decoder.total_bytes()) {
        return Err(too_large());
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    picture.apply_orientation(orientation);
    Ok((picture, profile))
}

fn too_large() -> Said {
    Said::new("image-too-large").number("most", (MOST_PIXELS / 1_000_000) as i64)
}

fn refusal(error: ImageError) -> Said {
    match error {
        ImageError::Limits(_) => too_large(),
        _ => Said::new("image-broken"),
    }
}

/// What decoding takes at its height: a progressive JPEG keeps all its coefficients until the last pass.
fn memory(bytes: &[u8], format: ImageFormat, pixels: u64, output: u64) -> u64 {
    match format {
        ImageFormat::Jpeg if is_progressive(bytes) => output + 6 * pixels,
        _ => output,
    }
}

/// Whether the frame header of this JPEG is of a progressive kind (SOF2, SOF6, SOF10, SOF14).
fn is_progressive(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4).and_then(|head| head.first_chunk()) {
        match marker {
            0xff => at += 1,
            0xc2 | 0xc6 | 0xca | 0xce => return true,
            0xda => return false,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

/// Colours as they were meant; a profile that says nothing usable leaves them as they are.
fn to_srgb(picture: &mut RgbaImage, profile: &[u8]) {
    let srgb = ColorProfile::new_srgb();
    let transform = ColorProfile::new_from_slice(profile)
        .ok()
        .filter(|profile| profile.color_space == DataColorSpace::Rgb)
        .and_then(|profile| {
            profile
                .create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, TransformOptions::default())
                .ok()
        });
    let Some(transform) = transform else { return };
    let mut drawn = vec![0; picture.as_raw().len()];
    if transform.transform(picture.as_raw(), &mut drawn).is_ok() {
        for (pixel, new) in picture.pixels_mut().zip(drawn.chunks_exact(4)) {
            let alpha = pixel.0[3];
            *pixel = Rgba([new[0], new[1], new[2], alpha]);
        }
    }
}

fn encode(square: RgbaImage) -> Drawn<Vec<u8>> {
    let mut bytes = Vec::new();
    let opaque = square.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let written = if opaque {
        let flat = DynamicImage::ImageRgba8(square).to_rgb8();
        flat.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))
    } else {
        square.write_with_encoder(PngEncoder::new(&mut bytes))
    };
    written.map_err(|_| Said::new("image-broken"))?;
    Ok(bytes)
}

/// The content type of a picture that [`Images`] has drawn.
pub fn content_type(drawn: &[u8]) -> &'static str {
    if drawn.starts_with(b"\x89PNG") {
        "image/png"
    } else {
        "image/jpeg"
    }
}

#[cfg(test)]
#[path = "images_tests.rs"]
mod tests;
