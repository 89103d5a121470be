//! All randomness: ids, tokens and names, from one seeded source.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;
use uuid::{Builder, Uuid};

/// The seeded source. Same seed, same calls: the same ids.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: u64,
    rng: ChaCha12Rng,
}

impl Ids {
    pub fn new(seed: u64) -> Ids {
        Ids { seed, rng: ChaCha12Rng::seed_from_u64(seed) }
    }

    /// The seed everything derives from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A version 4 UUID, lower case: event ids and most request ids.
    pub fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A UUID in the version 3 layout: ids of events that are shared between accounts.
    pub fn uuid_v3(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        Builder::from_md5_bytes(bytes).into_uuid()
    }

    /// A UUID in the version 5 layout: request ids of SNS and SQS.
    pub fn uuid_v5(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        Builder::from_sha1_bytes(bytes).into_uuid()
    }

    /// `length` characters drawn from `alphabet`.
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| alphabet[self.rng.gen_range(0..alphabet.len())] as char).collect()
    }

    /// `[0-9A-Z]`: S3 request ids (16 characters).
    pub fn upper(&mut self, length: usize) -> String {
        self.text(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", length)
    }

    /// `[A-Za-z0-9]`: the unique end of log file names (16 characters).
    pub fn mixed(&mut self, length: usize) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    /// Secret access keys (40 characters).
    pub fn secret(&mut self) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40)
    }

    /// An IAM unique id or access key id: `prefix` (`AIDA`, `AROA`, `AKIA`, …) and base-32 characters, 20 or 21 in all.
    pub fn iam(&mut self, prefix: &str) -> String {
        let length = if matches!(prefix, "AKIA" | "ASIA") { 16 } else { 17 };
        format!("{prefix}{}", self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length))
    }

    /// An EC2 resource id: `prefix-` and 17 hexadecimal digits.
    pub fn ec2(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.text(b"0123456789abcdef", 16))
    }

    /// Raw random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}
