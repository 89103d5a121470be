//! Bodies of uploads: the `aws-chunked` coding, and what heads say of them.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use trailcam::front::chunked::{Decoder, Malformed};
use trailcam::front::payload::{About, Limits, receive_within};

const LIMITS: Limits = Limits { memory: 4096, content: 100_000, idle: Duration::from_secs(5) };

/// A byte for the size of the pieces, header lines, an empty line, and a body that arrives in these pieces.
pub fn upload(data: &[u8]) {
    let [step, data @ ..] = data else { return };
    let at = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (head, body) = (String::from_utf8_lossy(&data[..at]), data.get(at + 2..).unwrap_or_default());
    let step = usize::from(*step).max(1);
    assert_eq!(decoded(body, step), decoded(body, body.len()), "pieces of {step} bytes make a difference");
    let pieces: Vec<_> =
        body.chunks(step).map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece)))).collect();
    let body = StreamBody::new(stream::iter(pieces));
    let _ = super::wait(receive_within(
        body,
        &super::headers(head.lines()),
        About::Body,
        &super::folder().join("tmp"),
        &LIMITS,
    ));
}

type Decoded = Result<(Vec<u8>, Vec<(String, String)>), Malformed>;

fn decoded(body: &[u8], step: usize) -> Decoded {
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
