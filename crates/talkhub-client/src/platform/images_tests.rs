//! Pictures as people and attackers upload them: what is drawn, and what is refused.

use super::*;
use image::codecs::gif::GifEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ImageEncoder, Rgb, RgbImage};

/// Left half red, right half blue, the uppermost tenth green.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x * 2 < width, y * 10 < height) {
        (_, true) => Rgb([0, 255, 0]),
        (true, _) => Rgb([255, 0, 0]),
        (false, _) => Rgb([0, 0, 255]),
    })
}

fn jpeg(picture: &RgbImage, exif: Option<Vec<u8>>, profile: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).unwrap();
    }
    picture.write_with_encoder(encoder).unwrap();
    bytes
}

fn png(picture: &RgbaImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
    bytes
}

/// EXIF with an orientation and a latitude, as a phone writes them (TIFF, little endian).
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
    exif.extend([0, 0, 0, 0]);
    exif.extend(b"\x01\0\x01\0\x02\0\x02\0\0\0N\0\0\0\0\0\0\0GPSLatitude 52.5200N");
    exif
}

/// A PNG whose header promises `width` × `height` pixels of `depth` bits and this colour type, with nothing behind it.
fn promise(width: u32, height: u32, depth: u8, color: u8) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([depth, color, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

fn drawn(bytes: &[u8]) -> RgbaImage {
    let drawn = draw_square(bytes, 256).unwrap_or_else(|said| panic!("{}", said.key()));
    image::load_from_memory(&drawn).unwrap().to_rgba8()
}

/// Whether this pixel is mostly red (0), green (1) or blue (2).
fn hue(picture: &RgbaImage, x: u32, y: u32) -> usize {
    let [red, green, blue, _] = picture.get_pixel(x, y).0;
    let most = red.max(green).max(blue);
    [red, green, blue]
        .iter()
        .position(|value| *value == most)
        .unwrap()
}

#[test]
fn b02_a_photo_becomes_a_square_of_its_middle() {
    let square = drawn(&jpeg(&photo(900, 500), None, None));
    assert_eq!(square.dimensions(), (256, 256));
    assert_eq!(
        [
            hue(&square, 10, 128),
            hue(&square, 245, 128),
            hue(&square, 128, 5)
        ],
        [0, 2, 1],
        "left red, right blue, top green"
    );
    let small = drawn(&jpeg(&photo(40, 30), None, None));
    assert_eq!(small.dimensions(), (30, 30), "nothing is made up");
    assert_eq!(
        drawn(&jpeg(&photo(16_000, 60), None, None)).dimensions(),
        (60, 60)
    );
}

#[test]
fn sec20_place_and_device_are_gone_and_the_picture_stands_upright() {
    let bytes = jpeg(&photo(600, 400), Some(exif(6)), None);
    assert!(
        bytes.windows(11).any(|part| part == b"GPSLatitude"),
        "it was in there"
    );
    let drawn = draw_square(&bytes, 256).unwrap();
    assert!(!drawn.windows(4).any(|part| part == b"Exif"));
    assert!(!drawn.windows(11).any(|part| part == b"GPSLatitude"));
    // Orientation 6: the camera was turned, what is left in the file is the top of the picture.
    let square = image::load_from_memory(&drawn).unwrap().to_rgba8();
    assert_eq!(
        [
            hue(&square, 60, 60),
            hue(&square, 60, 200),
            hue(&square, 250, 128)
        ],
        [0, 2, 1],
        "red above, blue below, green at the right"
    );
}

#[test]
fn every_kind_that_browsers_show_is_taken_and_what_shines_through_stays() {
    let picture = RgbaImage::from_fn(300, 300, |x, _| Rgba([255, 0, 0, if x < 150 { 0 } else { 255 }]));
    let mut webp = Vec::new();
    picture
        .write_with_encoder(WebPEncoder::new_lossless(&mut webp))
        .unwrap();
    let mut gif = Vec::new();
    GifEncoder::new(&mut gif)
        .encode(picture.as_raw(), 300, 300, image::ExtendedColorType::Rgba8)
        .unwrap();
    for bytes in [png(&picture), webp, gif] {
        let square = drawn(&bytes);
        assert_eq!(
            (square.get_pixel(10, 10).0[3], square.get_pixel(250, 10).0[3]),
            (0, 255)
        );
        assert_eq!(content_type(&draw_square(&bytes, 256).unwrap()), "image/png");
    }
    assert_eq!(
        content_type(&draw_square(&jpeg(&photo(9, 9), None, None), 256).unwrap()),
        "image/jpeg"
    );
}

#[test]
fn colours_of_another_space_are_brought_home() {
    let grey_red = RgbImage::from_pixel(300, 300, Rgb([200, 60, 60]));
    let wide = ColorProfile::new_display_p3().encode().unwrap();
    let (plain, p3) = (
        drawn(&jpeg(&grey_red, None, None)),
        drawn(&jpeg(&grey_red, None, Some(wide))),
    );
    let (plain, p3) = (plain.get_pixel(99, 99).0, p3.get_pixel(99, 99).0);
    assert!(plain[0] + 5 < p3[0], "P3's red is redder: {plain:?} {p3:?}");
    let nonsense = drawn(&jpeg(&grey_red, None, Some(b"no profile at all".to_vec())));
    assert_eq!(nonsense.get_pixel(99, 99).0, plain);
}

#[test]
fn bad21_sec18_what_is_no_picture_or_too_large_is_refused_by_its_first_bytes() {
    let photo = jpeg(&photo(300, 200), None, None);
    let mut cut = photo.clone();
    cut.truncate(200);
    let mut progressive = photo.clone();
    let frame = progressive
        .windows(2)
        .position(|marker| marker == [0xff, 0xc0])
        .unwrap();
    progressive[frame + 1] = 0xc2;
    progressive[frame + 5..frame + 9].copy_from_slice(&[0x17, 0x70, 0x17, 0x70]); // 6,000 × 6,000
    let table: [(&str, Vec<u8>, &str); 11] = [
        ("text", b"hello, I am a picture".to_vec(), "image-none"),
        ("zero bytes", Vec::new(), "image-none"),
        (
            "SVG",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            "image-none",
        ),
        (
            "another kind",
            b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec(),
            "image-none",
        ),
        ("only a beginning", photo[..2].to_vec(), "image-none"),
        ("cut", cut, "image-broken"),
        (
            "10,000 × 10,000",
            promise(10_000, 10_000, 8, 2),
            "image-too-large",
        ),
        ("a side over 16,384", promise(16_385, 1, 8, 2), "image-too-large"),
        (
            "memory: 48 megapixels of 64 bits",
            promise(8_000, 6_000, 16, 6),
            "image-too-large",
        ),
        ("memory: 36 megapixels in passes", progressive, "image-too-large"),
        (
            "a promise without pixels",
            promise(100, 100, 8, 2),
            "image-broken",
        ),
    ];
    for (what, bytes, want) in table {
        let said = draw_square(&bytes, 256).map_err(|said| said.key());
        assert_eq!(said.map(|drawn| drawn.len()), Err(want), "{what}");
    }
}

#[test]
fn bad21_a_small_file_of_many_pixels_is_drawn_within_its_bounds() {
    // 49 million pixels in less than a million bytes: as many as are taken at all.
    let mut bomb = Vec::new();
    let flat = image::GrayImage::new(7_000, 7_000);
    flat.write_with_encoder(PngEncoder::new(&mut bomb)).unwrap();
    assert!(bomb.len() < 1_000_000);
    assert_eq!(drawn(&bomb).dimensions(), (256, 256));
}

#[tokio::test]
async fn inv22_a_full_queue_says_come_back_and_a_freed_one_goes_on() {
    let images = Images::new(1);
    images.waiting.store(QUEUE, Ordering::Relaxed);
    let bytes = png(&RgbaImage::new(3, 3));
    assert!(matches!(
        images.square(bytes.clone(), 256, "avatar").await,
        Err(Problem::Busy(_))
    ));
    images.waiting.store(0, Ordering::Relaxed);
    assert!(images.square(bytes, 256, "avatar").await.is_ok());
    assert_eq!(images.waiting.load(Ordering::Relaxed), 0);
}

#[test]
fn made_up_bytes_never_fell_the_program() {
    use proptest::prelude::*;
    let photo = jpeg(&photo(64, 48), Some(exif(3)), None);
    let shapes = [photo, png(&RgbaImage::new(20, 10))];
    let change = (
        0..2_usize,
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    );
    crate::fuzz::check(change, |(shape, changes)| {
        let mut bytes = shapes[shape].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Taken or refused; what is drawn is a picture.
        if let Ok(drawn) = draw_square(&bytes, 16) {
            assert!(image::load_from_memory(&drawn).is_ok());
        }
    });
}
