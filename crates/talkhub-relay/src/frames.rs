//! Reads along in a WebSocket what no handler is told of: messages for other namespaces than `/`.
//!
//! Socket.IO answers or drops them by itself, as many as come. Here they are counted, so that who goes on can be cut.

/// How many bytes of a message say which namespace it is for: `42/x`.
const TELLING: usize = 4;
/// The longest header of a frame.
const HEADER: usize = 14;
/// The head of a request, and what may stand behind it before it was answered. More means that this is something else.
const EARLY: usize = 16 * 1024;

/// Where in the stream of frames of one client we are.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The header as far as it has come.
    header: Vec<u8>,
    /// Bytes of the present frame that are still to come.
    left: u64,
    mask: [u8; 4],
    /// Bytes of the present frame that have come.
    place: usize,
    /// Whether they belong to a text message.
    is_text: bool,
    /// The first bytes of the present text message.
    start: Vec<u8>,
}

impl Frames {
    /// How many messages for another namespace have begun in these bytes.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> u64 {
        let mut strange = 0;
        while let Some(&byte) = bytes.first() {
            if self.left == 0 {
                self.header.push(byte);
                bytes = &bytes[1..];
                self.begin();
                continue;
            }
            let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (payload, rest) = bytes.split_at(here);
            strange += u64::from(self.tells(payload));
            self.left -= here as u64;
            bytes = rest;
        }
        strange
    }

    /// Once the header is whole: what kind of frame it is, and how long.
    fn begin(&mut self) {
        let [first, second, ..] = self.header[..] else {
            return;
        };
        let extra = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let is_masked = second & 0x80 != 0;
        let whole = 2 + extra + if is_masked { 4 } else { 0 };
        if self.header.len() < whole.min(HEADER) {
            return;
        }
        let length = self.header[2..2 + extra].iter();
        self.left = match extra {
            0 => u64::from(second & 0x7f),
            _ => length.fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        self.mask = match is_masked {
            true => [0, 1, 2, 3].map(|place| self.header[2 + extra + place]),
            false => [0; 4],
        };
        self.place = 0;
        self.is_text = match first & 0x0f {
            // A text message begins, or goes on.
            1 => {
                self.start.clear();
                true
            }
            0 => true,
            _ => false,
        };
        self.header.clear();
    }

    /// Whether the message turns out, with these bytes, to be for another namespace.
    fn tells(&mut self, payload: &[u8]) -> bool {
        let mut tells = false;
        if self.is_text {
            for (offset, byte) in payload.iter().enumerate() {
                if TELLING <= self.start.len() {
                    break;
                }
                self.start.push(byte ^ self.mask[(self.place + offset) % 4]);
                tells |= is_elsewhere(&self.start);
            }
        }
        self.place += payload.len();
        tells
    }
}

/// `4`, the kind of packet, and a namespace that is more than `/`.
fn is_elsewhere(start: &[u8]) -> bool {
    matches!(start, [b'4', b'0'..=b'6', b'/', next] if !b",?".contains(next))
}

/// What has come behind the last head of a request: the first frames, if somebody does not wait for the answer. Nothing is
/// kept of a connection on which something else is said.
#[derive(Debug, Default)]
pub(crate) struct Early {
    tail: Vec<u8>,
    is_over: bool,
}

impl Early {
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        let known = self.tail.len();
        self.tail.extend_from_slice(bytes);
        let from = known.saturating_sub(3);
        if let Some(end) = self.tail[from..].windows(4).rposition(|four| four == b"\r\n\r\n") {
            self.tail.drain(..from + end + 4);
        }
        if EARLY < self.tail.len() {
            (self.tail, self.is_over) = (Vec::new(), true);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as browsers send it.
    fn frame(opcode: u8, text: &str) -> Vec<u8> {
        let mask = [7, 77, 177, 27];
        let mut frame = vec![opcode];
        match text.len() {
            small @ 0..126 => frame.push(0x80 | small as u8),
            large @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((large as u16).to_be_bytes());
            }
            huge => {
                frame.push(0x80 | 127);
                frame.extend((huge as u64).to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(
            text.bytes()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        frame
    }

    /// However the bytes are cut, the count is the same.
    fn check(frames: &[Vec<u8>], want: u64) {
        let stream = frames.concat();
        for size in [1, 2, 3, 7, 100, stream.len().max(1)] {
            let mut reader = Frames::default();
            let count: u64 = stream.chunks(size).map(|part| reader.read(part)).sum();
            assert_eq!(count, want, "in parts of {size}");
        }
    }

    #[test]
    fn sec27_messages_for_other_namespaces_are_counted() {
        check(&[frame(0x81, "40/admin,{}")], 1);
        check(
            &[
                frame(0x81, "42/x,[\"e\"]"),
                frame(0x81, "41/x,"),
                frame(0x81, "40/y"),
            ],
            3,
        );
        let long = format!("42/x,[\"{}\"]", "y".repeat(300));
        let longer = format!("42/x,[\"{}\"]", "y".repeat(70_000));
        check(&[frame(0x81, &long), frame(0x81, &longer), frame(0x81, &long)], 3);
        check(&[frame(0x01, "4"), frame(0x89, "ping"), frame(0x80, "2/x,[]")], 1);
    }

    #[test]
    fn sec27_our_own_namespace_is_not() {
        for text in [
            "40{}",
            "40/,{}",
            "40/",
            "42[\"/x\"]",
            "3",
            "",
            "2probe",
            "430[]",
            "42/,[1]",
            "x4/y",
        ] {
            check(&[frame(0x81, text), frame(0x81, text)], 0);
        }
        check(
            &[
                frame(0x82, "40/admin,"),
                frame(0x89, "40/admin,"),
                frame(0x8a, "40/x"),
            ],
            0,
        );
    }

    #[test]
    fn what_comes_too_early_is_found_behind_the_head() {
        let mut early = Early::default();
        for part in ["GET / HTTP/1.1\r\n", "host: x\r", "\n\r", "\nfirst", " frames"] {
            early.read(part.as_bytes());
        }
        assert_eq!(early.take(), b"first frames");
        early.read(&[b'x'; 2 * EARLY]);
        early.read(b"POST / HTTP/1.1\r\n\r\nfirst frames");
        assert_eq!(early.take(), b"", "it was no upgrade that came here");
    }
}
