//! The checksums S3 knows: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest as Crc, checksum_combine};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// An algorithm of checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Crc32,
    Crc32c,
    /// What S3 computes when the client sends nothing.
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub const ALL: [Algorithm; 5] =
        [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme, Algorithm::Sha1, Algorithm::Sha256];

    /// Reads a name such as `CRC32C`, in any case.
    pub fn parse(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// `CRC64NVME`: the value of `ChecksumAlgorithm`, and the end of header and member names.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
        }
    }

    /// `x-amz-checksum-crc64nvme`
    pub fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// Checksums of parts can be put together to the whole object's.
    pub fn combines(self) -> bool {
        self.crc().is_some()
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Algorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Algorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Algorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Algorithm::Sha1 | Algorithm::Sha256 => None,
        }
    }

    /// Length of a checksum in bytes.
    pub fn size(self) -> usize {
        match self {
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            Algorithm::Crc64Nvme => 8,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
        }
    }

    /// Whether `text` is a checksum of this algorithm: base64 of the right length.
    pub fn accepts(self, text: &str) -> bool {
        STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == self.size())
    }

    /// The checksum of `bytes`, in base64.
    pub fn of(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The checksum of all that `source` holds, in base64.
    ///
    /// # Errors
    /// The source's.
    pub fn of_reader(self, mut source: impl Read) -> io::Result<String> {
        let mut hasher = Hasher::new(self);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match source.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                length => hasher.update(buffer.get(..length).unwrap_or_default()),
            }
        }
    }

    /// The checksum of two pieces put together, from each piece's; `None` where that cannot be told from them.
    pub fn combine(self, first: &str, second: &str, second_length: u64) -> Option<String> {
        let sum = checksum_combine(self.crc()?, number(first)?, number(second)?, second_length);
        Some(self.encode_crc(sum))
    }

    /// The checksum of checksums that S3 shows for objects made of parts, without the `-N` at its end.
    pub fn composite<'a>(self, parts: impl Iterator<Item = &'a str>) -> String {
        let mut hasher = Hasher::new(self);
        parts.for_each(|part| hasher.update(&STANDARD.decode(part).unwrap_or_default()));
        hasher.finish()
    }

    fn encode_crc(self, sum: u64) -> String {
        let bytes = sum.to_be_bytes();
        STANDARD.encode(bytes.get(bytes.len() - self.size()..).unwrap_or_default())
    }
}

/// The number that a base64 CRC stands for.
fn number(text: &str) -> Option<u64> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// A checksum in the making.
pub enum Hasher {
    Crc(Algorithm, Crc),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    pub fn new(algorithm: Algorithm) -> Hasher {
        match (algorithm, algorithm.crc()) {
            (_, Some(crc)) => Hasher::Crc(algorithm, Crc::new(crc)),
            (Algorithm::Sha1, None) => Hasher::Sha1(Sha1::new()),
            (_, None) => Hasher::Sha256(Sha256::new()),
        }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Crc(_, crc) => crc.update(bytes),
            Hasher::Sha1(sha) => sha.update(bytes),
            Hasher::Sha256(sha) => sha.update(bytes),
        }
    }

    /// The checksum, in base64.
    pub fn finish(self) -> String {
        match self {
            Hasher::Crc(algorithm, crc) => algorithm.encode_crc(crc.finalize()),
            Hasher::Sha1(sha) => STANDARD.encode(sha.finalize()),
            Hasher::Sha256(sha) => STANDARD.encode(sha.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue and of FIPS 180, for `123456789`.
    #[test]
    fn checksums_of_the_standard_text() {
        let check = |algorithm: Algorithm, hex: &str| {
            let bytes = STANDARD.decode(algorithm.of(b"123456789")).unwrap();
            let shown: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(shown, hex, "{algorithm:?}");
        };
        check(Algorithm::Crc32, "cbf43926");
        check(Algorithm::Crc32c, "e3069283");
        check(Algorithm::Crc64Nvme, "ae8b14860a799888");
        check(Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
        check(Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
    }

    #[test]
    fn parts_combine_to_the_whole() {
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.combines()) {
            let combined = algorithm.combine(&algorithm.of(b"1234"), &algorithm.of(b"56789"), 5);
            assert_eq!(combined, Some(algorithm.of(b"123456789")));
        }
        assert_eq!(Algorithm::Sha1.combine("", "", 0), None);
    }
}
