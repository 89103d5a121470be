//! The file format: a header, the compressed rows, an end (<https://www.w3.org/TR/png-3/>).

use std::io::Write;

use crc_fast::CrcAlgorithm;
use flate2::Compression;
use flate2::write::ZlibEncoder;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Red, green and blue, eight bits each.
const KIND: [u8; 5] = [8, 2, 0, 0, 0];
/// Each row is written as what differs from the one above.
const UP: u8 = 2;

/// Writes pixels of three bytes as a file.
pub fn encode((width, height): (u32, u32), pixels: &[u8]) -> Vec<u8> {
    let mut file = SIGNATURE.to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &KIND].concat();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &rows(width as usize * 3, pixels));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn rows(length: usize, pixels: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut above = vec![0; length];
    let mut line = vec![UP; length + 1];
    for row in pixels.chunks_exact(length.max(1)) {
        for ((out, byte), above) in line.iter_mut().skip(1).zip(row).zip(&above) {
            *out = byte.wrapping_sub(*above);
        }
        // Writing into memory does not fail.
        encoder.write_all(&line).ok();
        above.copy_from_slice(row);
    }
    encoder.finish().unwrap_or_default()
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    file.extend_from_slice(&(content.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend_from_slice(&name);
    file.extend_from_slice(content);
    let sum = crc_fast::checksum(CrcAlgorithm::Crc32IsoHdlc, file.get(start..).unwrap_or_default());
    file.extend_from_slice(&(sum as u32).to_be_bytes());
}
