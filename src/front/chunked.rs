//! The `aws-chunked` coding of upload bodies, taken apart piece by piece:
//! `SIZE[;chunk-signature=…]\r\n BYTES \r\n … 0[;…]\r\n [trailer:value\r\n …] \r\n`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use bytes::{Bytes, BytesMut};

/// No line before or after the data is longer: a size, a signature, or a trailer.
const LINE_MAX: usize = 4096;
/// S3's clients send one or two trailers.
const TRAILERS_MAX: usize = 16;

/// Takes a coded body apart. Feed it with [`Decoder::next`], in pieces of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    line: BytesMut,
    trailers: Vec<(String, String)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// In the line that tells a chunk's size.
    #[default]
    Size,
    /// In a chunk that goes on for so many bytes.
    Data(u64),
    /// In the line end after a chunk.
    DataEnd,
    Trailers,
    Done,
}

/// The body is not what the coding allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl Decoder {
    /// Takes the next piece of data out of `input`; `None` when all of it is used up.
    ///
    /// # Errors
    /// When the input breaks the coding; the decoder is of no use afterwards.
    pub fn next(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, Malformed> {
        while !input.is_empty() {
            if self.state == State::Done {
                return Err(Malformed);
            }
            if let State::Data(left) = self.state {
                let data = input.split_to(usize::try_from(left).unwrap_or(usize::MAX).min(input.len()));
                let left = left - data.len() as u64;
                self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                return Ok(Some(data));
            }
            if let Some(line) = self.take_line(input)? {
                self.state = self.after_line(&line)?;
            }
        }
        Ok(None)
    }

    /// Checks that the body was complete, and hands out its trailers with names in lower case.
    ///
    /// # Errors
    /// When the last chunk has not come. The empty line after it may be missing: some clients leave it out.
    pub fn finish(self) -> Result<Vec<(String, String)>, Malformed> {
        let ended = match self.state {
            State::Trailers => self.line.is_empty(),
            State::Done => true,
            _ => false,
        };
        if ended { Ok(self.trailers) } else { Err(Malformed) }
    }

    /// A whole line without its end, once it is there.
    fn take_line(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, Malformed> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let piece = input.split_to(end.map_or(input.len(), |end| end + 1));
        if self.line.len() + piece.len() > LINE_MAX {
            return Err(Malformed);
        }
        self.line.extend_from_slice(&piece);
        if end.is_none() {
            return Ok(None);
        }
        let line = self.line.split().freeze();
        line.strip_suffix(b"\r\n").map(|text| Some(line.slice_ref(text))).ok_or(Malformed)
    }

    fn after_line(&mut self, line: &[u8]) -> Result<State, Malformed> {
        match self.state {
            State::Size => match chunk_size(line)? {
                0 => Ok(State::Trailers),
                size => Ok(State::Data(size)),
            },
            State::DataEnd if line.is_empty() => Ok(State::Size),
            State::Trailers if line.is_empty() => Ok(State::Done),
            State::Trailers if self.trailers.len() < TRAILERS_MAX => {
                self.trailers.push(trailer(line)?);
                Ok(State::Trailers)
            }
            _ => Err(Malformed),
        }
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let plausible = (1..=16).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| plausible).ok_or(Malformed)?;
    u64::from_str_radix(digits, 16).map_err(|_| Malformed)
}

fn trailer(line: &[u8]) -> Result<(String, String), Malformed> {
    let text = std::str::from_utf8(line).map_err(|_| Malformed)?;
    let (name, value) = text.split_once(':').ok_or(Malformed)?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Decoded = Result<(Vec<u8>, Vec<(String, String)>), Malformed>;

    /// Decodes a body that arrives in pieces of `step` bytes.
    fn decode(body: &[u8], step: usize) -> Decoded {
        let mut decoder = Decoder::default();
        let mut data = Vec::new();
        for piece in body.chunks(step.max(1)) {
            let mut piece = Bytes::copy_from_slice(piece);
            while let Some(bytes) = decoder.next(&mut piece)? {
                data.extend_from_slice(&bytes);
            }
        }
        Ok((data, decoder.finish()?))
    }

    #[test]
    fn bodies_as_clients_send_them() {
        let check = |body: &str, expected: Option<(&str, &[(&str, &str)])>| {
            let expected = expected.ok_or(Malformed).map(|(data, trailers)| {
                let trailers = trailers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
                (data.as_bytes().to_vec(), trailers)
            });
            for step in [1, 2, 3, 7, body.len()] {
                assert_eq!(decode(body.as_bytes(), step), expected, "{body:?} in steps of {step}");
            }
        };
        check("5\r\nhello\r\n0\r\n\r\n", Some(("hello", &[])));
        check("5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0;chunk-signature=cd\r\n\r\n", Some(("hello!", &[])));
        check(
            "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\nX-Amz-Trailer-Signature:ef\r\n\r\n",
            Some(("abc", &[("x-amz-checksum-crc32", "NSRBwg=="), ("x-amz-trailer-signature", "ef")])),
        );
        check("0\r\n\r\n", Some(("", &[])));
        check("0\r\n", Some(("", &[])));
        check("A\r\n0123456789\r\n0\r\n\r\n", Some(("0123456789", &[])));
        check("", None);
        check("5\r\nhel", None);
        check("5\r\nhello\r\n", None);
        check("5\r\nhello!\r\n0\r\n\r\n", None);
        check("5\nhello\r\n0\r\n\r\n", None);
        check("-5\r\nhello\r\n0\r\n\r\n", None);
        check("\r\n\r\n", None);
        check("fffffffffffffffff\r\n", None);
        check("0\r\nno colon\r\n\r\n", None);
        check("0\r\n\r\nmore", None);
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300), step in 1..50usize) {
            let _ = decode(&body, step);
        }

        #[test]
        fn likely_input_does_not_either(body in "[0-9a-f;:\r\n]{0,200}", step in 1..50usize) {
            let _ = decode(body.as_bytes(), step);
        }

        #[test]
        fn what_was_coded_comes_out(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            step in 1..50usize,
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(decode(&body, step), Ok((chunks.concat(), Vec::new())));
        }
    }
}
