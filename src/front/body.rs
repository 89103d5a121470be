//! Bodies of requests, piece by piece: bounded in size and in how long they may stall.

use std::io::Read;
use std::time::Duration;

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::config::{BODY_BYTES_MAX, BODY_IDLE_TIMEOUT, LINGER_BYTES_MAX};
use crate::wire::Fault;

/// Why there is no next piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It did not come in time.
    Stalled,
    /// The connection ended, or what came is no body.
    CutOff,
}

/// The next piece of a body; `None` at its end.
///
/// # Errors
/// When it does not come within `idle`, or not at all.
pub async fn next_piece<B>(body: &mut B, idle: Duration) -> Result<Option<Bytes>, Lost>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    loop {
        match timeout(idle, body.frame()).await {
            Err(_) => return Err(Lost::Stalled),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(Lost::CutOff),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A whole body that is not an upload.
///
/// # Errors
/// When it is too large, cut off or too slow.
pub async fn whole<B>(body: &mut B) -> Result<Bytes, Fault>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    whole_within(body, BODY_BYTES_MAX, BODY_IDLE_TIMEOUT).await
}

async fn whole_within<B>(body: &mut B, bytes_max: usize, idle: Duration) -> Result<Bytes, Fault>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    // One that says that it is too large is not waited for.
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let (mut pieces, mut length) = (Vec::new(), 0);
    while let Some(piece) = next_piece(body, idle).await.map_err(fault)? {
        length += piece.len();
        if length > bytes_max {
            return Err(too_large(bytes_max));
        }
        pieces.push(piece);
    }
    Ok(joined(pieces, length))
}

/// What a body holds that came compressed, as SDKs send long ones to operations that take them so.
///
/// # Errors
/// When it is not what its head says, or too large.
pub fn inflated(body: &[u8]) -> Result<Bytes, Fault> {
    let mut whole = Vec::new();
    // One byte more than there may be tells that there is too much.
    let mut decoder = GzDecoder::new(body).take(BODY_BYTES_MAX as u64 + 1);
    match decoder.read_to_end(&mut whole) {
        Err(_) => {
            Err(Fault::new("SerializationException", "The request body is not compressed with gzip.").status(400))
        }
        Ok(length) if length > BODY_BYTES_MAX => Err(too_large(BODY_BYTES_MAX)),
        Ok(_) => Ok(whole.into()),
    }
}

fn joined(mut pieces: Vec<Bytes>, length: usize) -> Bytes {
    if pieces.len() <= 1 {
        return pieces.pop().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(length);
    pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
    whole.freeze()
}

/// Takes what is left of a refused body and drops it, up to a limit. A connection that ends with bytes unread is reset,
/// and the client may never see why it was refused.
pub async fn linger<B>(mut body: B)
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut taken = 0;
    while let Ok(Some(piece)) = next_piece(&mut body, BODY_IDLE_TIMEOUT).await {
        taken += piece.len();
        if taken > LINGER_BYTES_MAX {
            return;
        }
    }
}

fn fault(lost: Lost) -> Fault {
    match lost {
        Lost::Stalled => Fault::new("RequestTimeout", "The request body did not arrive in time.").status(408),
        Lost::CutOff => Fault::new("IncompleteBody", "The request body ended before its announced length.").status(400),
    }
}

fn too_large(bytes_max: usize) -> Fault {
    let sentence = format!("The request body is larger than {bytes_max} bytes.");
    Fault::new("RequestEntityTooLargeException", sentence).status(413)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io;

    use futures_util::{StreamExt, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;
    use crate::world::gzip::gzip;

    type Piece = Result<Frame<Bytes>, io::Error>;

    fn pieces(texts: &[&'static str]) -> Vec<Piece> {
        texts.iter().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))).collect()
    }

    /// Reads a body of at most eight bytes: its text, or the status of the fault.
    async fn check(pieces: Vec<Piece>, stalls: bool, expected: Result<&str, u16>) {
        let end = if stalls { stream::pending().left_stream() } else { stream::empty().right_stream() };
        let mut body = StreamBody::new(Box::pin(stream::iter(pieces).chain(end)));
        let found = whole_within(&mut body, 8, Duration::from_millis(20)).await;
        let found = found.as_ref().map(|whole| std::str::from_utf8(whole).unwrap()).map_err(|fault| fault.status);
        assert_eq!(found, expected.map_err(Some));
    }

    #[tokio::test]
    async fn bodies_within_bounds() {
        check(pieces(&[]), false, Ok("")).await;
        check(pieces(&["hello"]), false, Ok("hello")).await;
        check(pieces(&["he", "", "llo", "!!!"]), false, Ok("hello!!!")).await;
    }

    #[tokio::test]
    async fn bodies_out_of_bounds() {
        check(pieces(&["hello", "hello"]), false, Err(413)).await;
        check(pieces(&["hello"]), true, Err(408)).await;
        let cut = pieces(&["hello"]).into_iter().chain([Err(io::ErrorKind::UnexpectedEof.into())]).collect();
        check(cut, false, Err(400)).await;
    }

    #[test]
    fn compressed_bodies() {
        assert_eq!(inflated(&gzip(b"hello")), Ok(Bytes::from_static(b"hello")));
        let status = |body: &[u8]| inflated(body).map_err(|fault| fault.status);
        assert_eq!(status(b"hello"), Err(Some(400)));
        assert_eq!(status(&gzip(b"hello")[..20]), Err(Some(400)));
        assert_eq!(status(&gzip(&vec![0; BODY_BYTES_MAX + 1])), Err(Some(413)));
    }

    /// Slower in all than one piece may be, but never still for long.
    #[tokio::test]
    async fn bodies_may_drip() {
        let drops = stream::unfold(0, |count| async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            (count < 4).then(|| (Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"."))), count + 1))
        });
        let found = whole_within(&mut StreamBody::new(Box::pin(drops)), 8, Duration::from_millis(500)).await;
        assert_eq!(found, Ok(Bytes::from_static(b"....")));
    }

    /// It never sends a byte, and is refused at once.
    #[tokio::test]
    async fn what_is_announced_as_too_large_is_not_waited_for() {
        struct Announced;
        impl HttpBody for Announced {
            type Data = Bytes;
            type Error = Infallible;
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
                panic!("nobody asks for it")
            }
            fn size_hint(&self) -> hyper::body::SizeHint {
                hyper::body::SizeHint::with_exact(9)
            }
        }
        let found = whole_within(&mut Announced, 8, Duration::from_secs(20)).await;
        assert_eq!(found.map_err(|fault| fault.status), Err(Some(413)));
    }
}
