//! Compression of what services deliver.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Compressed without a time, so that the same content gives the same bytes.
pub fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let done = encoder.write_all(content).and_then(|()| encoder.finish());
    Bytes::from(done.unwrap_or_default())
}
