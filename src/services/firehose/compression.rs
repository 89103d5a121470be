//! `CompressionFormat`: what objects are compressed with.

use std::io::Write;

use bytes::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression as Level, Crc};

use crate::world::gzip::gzip;
use crate::world::payload::{Body, Upload};
use crate::world::time::Time;

/// Content that is ready to be uploaded: compressed and hashed.
#[derive(Debug)]
pub struct Packed {
    pub compression: Compression,
    content: Bytes,
    upload: Upload,
}

impl Packed {
    /// `entry` names the file in an archive, which is as old as `time`.
    pub fn new(compression: Compression, content: &Bytes, entry: &str, time: Time) -> Packed {
        let content = compression.pack(content, entry, time);
        Packed { compression, upload: Upload::of(content.clone()), content }
    }

    pub fn upload(&self) -> Upload {
        let Upload { length, md5, ref checksum, .. } = self.upload;
        Upload {
            body: Body::Memory(self.content.clone()),
            length,
            md5,
            checksum: checksum.clone(),
            ..Upload::default()
        }
    }
}

/// The formats we have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zip,
}

impl Compression {
    /// `None` for formats that are not built.
    pub fn parse(name: &str) -> Option<Compression> {
        match name {
            "UNCOMPRESSED" => Some(Compression::None),
            "GZIP" => Some(Compression::Gzip),
            "ZIP" => Some(Compression::Zip),
            _ => None,
        }
    }

    /// What object names end in, unless the stream has a `FileExtension`
    /// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>).
    pub fn extension(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zip => ".zip",
        }
    }

    /// `Content-Encoding` of objects.
    pub fn encoding(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("gzip"),
            Compression::Zip => Some("zip"),
        }
    }

    fn pack(self, content: &Bytes, entry: &str, time: Time) -> Bytes {
        match self {
            Compression::None => content.clone(),
            Compression::Gzip => gzip(content),
            Compression::Zip => zip(content, entry, time),
        }
    }
}

/// An archive of one deflated file
/// (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, sections 4.3.7, 4.3.12 and 4.3.16).
fn zip(content: &[u8], entry: &str, time: Time) -> Bytes {
    let mut crc = Crc::new();
    crc.update(content);
    let packed = deflate(content);
    // Version needed, flags, method, time, date, sums and sizes: the same in both headers. Buffers are far smaller
    // than four gigabytes.
    let mut about = Vec::new();
    for number in [20, 0, 8, dos_time(time), dos_date(time)] {
        about.extend_from_slice(&u16::to_le_bytes(number));
    }
    for number in [crc.sum(), packed.len() as u32, content.len() as u32] {
        about.extend_from_slice(&number.to_le_bytes());
    }
    about.extend_from_slice(&(entry.len() as u16).to_le_bytes());
    about.extend_from_slice(&[0; 2]);

    let mut out = b"PK\x03\x04".to_vec();
    out.extend_from_slice(&about);
    out.extend_from_slice(entry.as_bytes());
    out.extend_from_slice(&packed);
    let directory = out.len();
    out.extend_from_slice(b"PK\x01\x02\x14\x00");
    out.extend_from_slice(&about);
    // No comment, first disk, no attributes, and the file stands at the start.
    out.extend_from_slice(&[0; 14]);
    out.extend_from_slice(entry.as_bytes());
    let length = out.len() - directory;
    out.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&(directory as u32).to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    Bytes::from(out)
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Level::default());
    // Writing into memory does not fail.
    encoder.write_all(content).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn dos_time(time: Time) -> u16 {
    use chrono::Timelike;
    ((time.hour() << 11) | (time.minute() << 5) | (time.second() / 2)) as u16
}

fn dos_date(time: Time) -> u16 {
    use chrono::Datelike;
    let years = u32::try_from(time.year() - 1980).unwrap_or_default().min(127);
    ((years << 9) | (time.month() << 5) | time.day()) as u16
}
