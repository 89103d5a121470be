//! Bodies of uploads: received in pieces, hashed on the way, kept in memory while small and spooled to a
//! temporary file beyond. What a client says of its body is checked before any handler sees it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use axum::body::HttpBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use md5::{Digest, Md5};
use sha2::Sha256;
use tokio::task::spawn_blocking;

use crate::config::{BODY_BYTES_MAX, BODY_IDLE_TIMEOUT};
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::checksum::{Algorithm, Hasher};
use crate::world::hex::hex;
use crate::world::payload::{Body, Claimed, Spooled, Upload};

use super::body::{Lost, next_piece};
use super::chunked::Decoder;

/// What a body may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes kept in memory; longer bodies go to a file.
    pub memory: usize,
    /// Bytes of content. S3's limit for one upload: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
    pub content: u64,
    /// The longest wait for the next piece. S3 waits about 20 seconds.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { memory: 64 * 1024, content: 5 << 30, idle: Duration::from_secs(20) }
    }
}

/// `x-amz-content-sha256` of bodies that are not hashed as a whole:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html>.
const UNHASHED: &str = "UNSIGNED-PAYLOAD";
const STREAMED: [&str; 5] = [
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
];

/// Receives an upload.
///
/// # Errors
/// When the body is cut off, too slow, too long, badly coded, or not what its checksums say. Nothing is left of it then.
pub async fn receive<B>(body: B, headers: &HeaderMap, spool: &Path) -> Result<Upload, Fault>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    receive_within(body, headers, About::Body, spool, &Limits::default()).await
}

/// Receives the document of a request that is no upload, checked like one.
///
/// # Errors
/// As [`receive`].
pub async fn receive_document<B>(body: B, headers: &HeaderMap, about: About) -> Result<(Bytes, Claimed), Fault>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let limits = Limits { memory: BODY_BYTES_MAX, content: BODY_BYTES_MAX as u64, idle: BODY_IDLE_TIMEOUT };
    let received = receive_within(body, headers, about, Path::new(""), &limits).await?;
    match received.body {
        Body::Memory(document) => Ok((document, received.claimed)),
        Body::Spooled(_) => Err(faults::entity_too_large(received.length, limits.content)),
    }
}

/// What the checksum in a request's head is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Body,
    /// An object that the request makes without bringing it.
    Object,
}

/// [`receive`] with limits of one's own.
///
/// # Errors
/// As [`receive`].
pub async fn receive_within<B>(
    mut body: B,
    headers: &HeaderMap,
    about: About,
    spool: &Path,
    limits: &Limits,
) -> Result<Upload, Fault>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let claims = Claims::of(headers, about)?;
    claims.check_length(&body, limits)?;
    let mut decoder = claims.chunked.then(Decoder::default);
    let mut sink = Sink::new(&claims, limits.memory);
    while let Some(mut piece) = next_piece(&mut body, limits.idle).await.map_err(fault)? {
        match &mut decoder {
            None => sink.pending.extend_from_slice(&piece),
            Some(decoder) => {
                while let Some(data) = decoder.next(&mut piece).map_err(|_| faults::cut_off())? {
                    sink.pending.extend_from_slice(&data);
                }
            }
        }
        if sink.length + sink.pending.len() as u64 > claims.length.unwrap_or(limits.content).min(limits.content) {
            return Err(claims.too_long(limits));
        }
        if sink.pending.len() > limits.memory {
            sink = sink.spool(spool).await?;
        }
    }
    let trailers = match decoder {
        Some(decoder) => decoder.finish().map_err(|_| faults::cut_off())?,
        None => Vec::new(),
    };
    if sink.file.is_some() && !sink.pending.is_empty() {
        sink = sink.spool(spool).await?;
    }
    sink.finish(&claims, &trailers)
}

fn fault(lost: Lost) -> Fault {
    match lost {
        Lost::Stalled => faults::idle(),
        Lost::CutOff => faults::incomplete_body(),
    }
}

/// What the head says of the body.
#[derive(Debug, Default)]
struct Claims {
    /// Length of the content, without its coding.
    length: Option<u64>,
    chunked: bool,
    /// `Content-MD5`.
    md5: Option<[u8; 16]>,
    /// `x-amz-content-sha256`, where it is a hash.
    sha256: Option<String>,
    /// The checksum to compute, and its value unless a trailer brings it.
    checksum: Option<(Algorithm, Option<String>)>,
}

impl Claims {
    fn of(headers: &HeaderMap, about: About) -> Result<Claims, Fault> {
        check_algorithms(headers)?;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let hash = text("x-amz-content-sha256").unwrap_or(UNHASHED);
        let chunked = STREAMED.contains(&hash);
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !chunked && !is_hash && hash != UNHASHED {
            return Err(faults::bad_payload_hash(hash));
        }
        let length = text(if chunked { "x-amz-decoded-content-length" } else { "content-length" });
        Ok(Claims {
            length: length.and_then(|length| length.parse().ok()),
            chunked,
            md5: text("content-md5").map(content_md5).transpose()?,
            sha256: is_hash.then(|| hash.to_ascii_lowercase()),
            checksum: if about == About::Body { checksum_claim(headers, &text)? } else { None },
        })
    }

    /// S3 wants to know the length before the body comes.
    fn check_length(&self, body: &impl HttpBody, limits: &Limits) -> Result<(), Fault> {
        match self.length {
            None if !body.is_end_stream() => Err(faults::missing_content_length()),
            Some(length) if length > limits.content => Err(faults::entity_too_large(length, limits.content)),
            _ => Ok(()),
        }
    }

    /// More came than was announced, or than is allowed.
    fn too_long(&self, limits: &Limits) -> Fault {
        match self.length {
            Some(_) => faults::incomplete_body(),
            None => faults::entity_too_large(limits.content + 1, limits.content),
        }
    }

    /// The checksum the client says the body has.
    fn expected_checksum(&self, trailers: &[(String, String)]) -> Result<Option<(Algorithm, String)>, Fault> {
        let Some((algorithm, value)) = &self.checksum else { return Ok(None) };
        if let Some(value) = value {
            return Ok(Some((*algorithm, value.clone())));
        }
        let trailer = trailers.iter().find(|(name, _)| name == algorithm.header());
        let (_, value) = trailer.ok_or_else(faults::malformed_trailer)?;
        if !algorithm.accepts(value) {
            return Err(faults::bad_checksum_value(algorithm.header()));
        }
        Ok(Some((*algorithm, value.clone())))
    }
}

fn content_md5(text: &str) -> Result<[u8; 16], Fault> {
    let bytes = STANDARD.decode(text.trim()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(faults::invalid_digest)
}

/// Which checksum comes with the body: in a header, in a trailer, or not at all.
fn checksum_claim<'a>(
    headers: &HeaderMap,
    text: &impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<(Algorithm, Option<String>)>, Fault> {
    let mut given = Algorithm::ALL.into_iter().filter(|algorithm| headers.contains_key(algorithm.header()));
    let trailer = text("x-amz-trailer").unwrap_or_default().trim();
    let in_trailer = Algorithm::ALL.into_iter().find(|algorithm| trailer.eq_ignore_ascii_case(algorithm.header()));
    if !trailer.is_empty() && in_trailer.is_none() {
        let is_checksum = trailer.to_ascii_lowercase().starts_with(CHECKSUM);
        return Err(if is_checksum { faults::not_built(trailer) } else { faults::trailer_not_supported() });
    }
    match (given.next(), given.next(), in_trailer) {
        (_, Some(_), _) | (Some(_), _, Some(_)) => Err(faults::several_checksums()),
        (Some(algorithm), None, None) => {
            let value = text(algorithm.header()).unwrap_or_default();
            if !algorithm.accepts(value) {
                return Err(faults::bad_checksum_value(algorithm.header()));
            }
            Ok(Some((algorithm, Some(value.to_owned()))))
        }
        (None, None, Some(algorithm)) => Ok(Some((algorithm, None))),
        (None, None, None) if headers.contains_key("x-amz-sdk-checksum-algorithm") => Err(faults::checksum_missing()),
        (None, None, None) => Ok(None),
    }
}

/// What is set aside for a body on the word of its head alone.
const ROOM_AT_FIRST: usize = 64 * 1024;

const CHECKSUM: &str = "x-amz-checksum-";

/// Checksums that we cannot compute are refused, rather than believed.
fn check_algorithms(headers: &HeaderMap) -> Result<(), Fault> {
    let is_value = |name: &&str| {
        let what = name.strip_prefix(CHECKSUM);
        what.is_some_and(|what| !matches!(what, "mode" | "type" | "algorithm") && Algorithm::parse(what).is_none())
    };
    headers.keys().map(|name| name.as_str()).find(is_value).map_or(Ok(()), |name| Err(faults::not_built(name)))
}

/// Takes the content in.
struct Sink {
    /// Not hashed and not written yet.
    pending: BytesMut,
    /// Bytes in the file.
    length: u64,
    file: Option<(Spooled, File)>,
    hashes: Hashes,
}

struct Hashes {
    md5: Md5,
    sha256: Option<Sha256>,
    algorithm: Algorithm,
    checksum: Hasher,
}

impl Sink {
    fn new(claims: &Claims, memory: usize) -> Sink {
        let expected = claims.length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let algorithm = claims.checksum.as_ref().map_or(Algorithm::Crc64Nvme, |(algorithm, _)| *algorithm);
        let hashes = Hashes {
            md5: Md5::new(),
            sha256: claims.sha256.is_some().then(Sha256::new),
            algorithm,
            checksum: Hasher::new(algorithm),
        };
        Sink {
            pending: BytesMut::with_capacity(expected.min(memory).min(ROOM_AT_FIRST)),
            length: 0,
            file: None,
            hashes,
        }
    }

    /// Hashes what is pending and moves it to the file, off the threads that serve connections.
    async fn spool(mut self, dir: &Path) -> Result<Sink, Fault> {
        let dir = dir.to_owned();
        let spooling = spawn_blocking(move || -> io::Result<Sink> {
            let (_, file) = match &mut self.file {
                Some(file) => file,
                slot => slot.insert(Spooled::create(&dir)?),
            };
            file.write_all(&self.pending)?;
            self.hashes.update(&self.pending);
            self.length += self.pending.len() as u64;
            self.pending.clear();
            Ok(self)
        });
        spooling.await.map_err(io::Error::other).flatten().map_err(|error| faults::internal(&error))
    }

    /// Compares the content with what was said of it.
    fn finish(mut self, claims: &Claims, trailers: &[(String, String)]) -> Result<Upload, Fault> {
        let memory = self.pending.freeze();
        self.hashes.update(&memory);
        let length = self.length + memory.len() as u64;
        if claims.length.is_some_and(|announced| announced != length) {
            return Err(faults::incomplete_body());
        }
        let expected = claims.expected_checksum(trailers)?;
        let (md5, checksum) = self.hashes.finish(claims, expected)?;
        let body = self.file.map_or(Body::Memory(memory), |(spooled, _)| Body::Spooled(spooled));
        let claimed = Claimed { md5: claims.md5.is_some(), checksum: claims.checksum.is_some() };
        Ok(Upload { body, length, md5, checksum: Some(checksum), claimed })
    }
}

impl Hashes {
    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.checksum.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    fn finish(
        self,
        claims: &Claims,
        expected: Option<(Algorithm, String)>,
    ) -> Result<([u8; 16], (&'static str, String)), Fault> {
        if let (Some(claimed), Some(sha256)) = (&claims.sha256, self.sha256) {
            let computed = hex(&sha256.finalize());
            if computed != *claimed {
                return Err(faults::payload_hash_mismatch(claimed, &computed));
            }
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        if let Some(claimed) = claims.md5.filter(|claimed| *claimed != md5) {
            return Err(faults::md5_mismatch(&STANDARD.encode(claimed), &STANDARD.encode(md5)));
        }
        let computed = self.checksum.finish();
        match expected {
            Some((algorithm, value)) if value != computed => Err(faults::checksum_mismatch(algorithm.name())),
            _ => Ok((md5, (self.algorithm.name(), computed))),
        }
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
