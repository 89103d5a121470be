//! The RSA keys that sign digests, per Region and period.
//!
//! As the keys that AWS documents: each is valid for 30 days, and the next one follows after 20. A key signs until
//! then; for the last ten days it only verifies. All keys derive from the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::TimeDelta;
use md5::{Digest, Md5};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::Sha256;

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::rsa_keys::private_key;
use crate::world::scope::Region;
use crate::world::time::Time;
use crate::{op, record};

use super::faults;

/// The operations on keys.
pub const OPS: &[Op] = &[op!(Read "ListPublicKeys" list_public_keys)];

record! {
    struct ListPublicKeys { start: Option<Time> = "StartTime", end: Option<Time> = "EndTime", token: Option<String> = "NextToken" }

    struct PublicKeys { keys: Vec<PublicKey> = "PublicKeyList" }

    struct PublicKey {
        value: Bytes = "Value",
        valid_from: Time = "ValidityStartTime",
        valid_until: Time = "ValidityEndTime",
        fingerprint: String = "Fingerprint",
    }
}

/// The keys of a world: all that there can be, and which of them have signed.
#[derive(Debug)]
pub struct Keys {
    pub ring: KeyRing,
    used: BTreeSet<(Region, Period)>,
}

/// Makes keys when they are first asked for, and keeps them. A key takes a moment to make, so the ring can be
/// cloned and warmed by another thread: its keys depend on the seed alone, whoever makes them.
#[derive(Clone, Debug)]
pub struct KeyRing {
    seed: u64,
    made: Arc<Mutex<Made>>,
}

type Made = BTreeMap<(Region, Period), Arc<SigningKey>>;

/// A span of 20 days that one key of each Region signs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(i64);

/// A key pair of 2048 bits.
#[derive(Debug)]
pub struct SigningKey {
    private: RsaPrivateKey,
    /// The public key: DER of PKCS #1's `RSAPublicKey`.
    pub public: Bytes,
    /// 32 hexadecimal digits: MD5 of the public key.
    pub fingerprint: String,
}

impl Keys {
    pub fn new(seed: u64) -> Keys {
        Keys { ring: KeyRing { seed, made: Arc::default() }, used: BTreeSet::new() }
    }

    /// The key that signs at a moment; from then on it is among a Region's public keys.
    pub fn signing(&mut self, region: Region, now: Time) -> Arc<SigningKey> {
        let period = Period::at(now);
        self.used.insert((region, period));
        self.ring.key(region, period)
    }

    /// Periods whose keys signed and were valid between two times, and the one that signs at the end of them.
    fn between(&self, region: Region, start: Time, end: Time, now: Time) -> BTreeSet<Period> {
        let used = self.used.iter().filter(|(of, _)| *of == region).map(|(_, period)| *period);
        let valid = used.filter(|period| {
            let (from, until) = period.validity();
            from <= end && start <= until
        });
        valid.chain([Period::at(end.min(now))]).collect()
    }
}

/// Makes the key that signs in a Region at a moment, so that it is there when it is needed.
pub fn warm(world: &World, region: Region, time: Time) -> Box<dyn FnOnce() + Send> {
    let ring = world.digest_keys.ring.clone();
    Box::new(move || drop(ring.key(region, Period::at(time))))
}

fn list_public_keys(cx: &mut Cx, input: ListPublicKeys) -> Result<PublicKeys, Fault> {
    let now = cx.world.now;
    let (start, end) = (input.start.unwrap_or(now), input.end.unwrap_or(now));
    if start > end {
        return Err(faults::time_range_is_backward());
    }
    if input.token.is_some() {
        return Err(faults::token_is_reserved());
    }
    let keys = &cx.world.digest_keys;
    let periods = keys.between(cx.region, start, end, now);
    Ok(PublicKeys { keys: periods.into_iter().map(|period| public_key(&keys.ring, cx.region, period)).collect() })
}

fn public_key(ring: &KeyRing, region: Region, period: Period) -> PublicKey {
    let key = ring.key(region, period);
    let (valid_from, valid_until) = period.validity();
    PublicKey { value: key.public.clone(), valid_from, valid_until, fingerprint: key.fingerprint.clone() }
}

impl Period {
    const LENGTH: TimeDelta = TimeDelta::days(20);
    const VALIDITY: TimeDelta = TimeDelta::days(30);

    /// The period of a moment.
    pub fn at(time: Time) -> Period {
        Period(time.timestamp().div_euclid(Self::LENGTH.num_seconds()))
    }

    /// From when until when the period's keys are valid.
    pub fn validity(self) -> (Time, Time) {
        let start = Time::UNIX_EPOCH + Self::LENGTH * i32::try_from(self.0).unwrap_or(i32::MAX);
        (start, start + Self::VALIDITY)
    }
}

impl KeyRing {
    /// A Region's key for a period. The lock is not held while a key is made: two threads that want the same one
    /// make the same one.
    pub fn key(&self, region: Region, period: Period) -> Arc<SigningKey> {
        let known = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&(region, period)).cloned();
        known.unwrap_or_else(|| {
            let key = Arc::new(SigningKey::make(self.seed, region, period));
            self.made.lock().unwrap_or_else(PoisonError::into_inner).insert((region, period), key.clone());
            key
        })
    }
}

impl SigningKey {
    /// SHA-256 with RSA PKCS #1 v1.5, as hexadecimal digits.
    pub fn sign(&self, text: &str) -> String {
        // Signing a hash of 32 bytes with 2048 bits has no failing case.
        hex(&self.private.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(text)).unwrap_or_default())
    }

    fn make(seed: u64, region: Region, period: Period) -> SigningKey {
        let private = private_key(&format!("digest key {seed} {region} {}", period.0));
        // A key that was just made has no failing case.
        let public = private.to_public_key().to_pkcs1_der().map(|der| der.into_vec()).unwrap_or_default();
        let fingerprint = fingerprint(&public);
        SigningKey { private, public: Bytes::from(public), fingerprint }
    }
}

fn fingerprint(public: &[u8]) -> String {
    hex(&Md5::digest(public))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rsa::RsaPublicKey;
    use rsa::pkcs1::DecodeRsaPublicKey;
    use rsa::traits::PublicKeyParts;

    use super::*;

    #[test]
    fn keys_depend_on_seed_region_and_period() {
        let ring = Keys::new(7).ring;
        let key = ring.key(Region::US_EAST_1, Period(700));
        let again = Keys::new(7).ring.key(Region::US_EAST_1, Period(700));
        assert_eq!(key.public, again.public);
        assert_ne!(key.public, ring.key(Region::US_EAST_1, Period(701)).public);
        let public = RsaPublicKey::from_pkcs1_der(&key.public).unwrap();
        assert_eq!(public.n().bits(), 2048);
        let signature = key.sign("text");
        assert_eq!(signature.len(), 512);
        let bytes: Vec<u8> =
            (0..256).map(|at| u8::from_str_radix(&signature[2 * at..2 * at + 2], 16).unwrap()).collect();
        public.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest("text"), &bytes).unwrap();
    }

    #[test]
    fn fingerprints_are_those_of_aws() {
        // The first key of https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
        let value = "MIIBCgKCAQEAn11L2YZ9h7onug2ILi1MWyHiMRsTQjfWE+pHVRLk1QjfWhirG+lpOa8NrwQ/r7Ah5bNL6HepznOU9XTDSfmmnP97mqyc7z/upfZdS/AHhYcGaz7n6Wc/RRBU6VmiPCrAUojuSk6/GjvA8iOPFsYDuBtviXarvuLPlrT9kAd4Lb+rFfR5peEgBEkhlzc5HuWO7S0y+KunqxX6jQBnXGMtxmPBPP0FylgWGNdFtks/4YSKcgqwH0YDcawP9GGGDAeCIqPWIXDLG1jOjRRzWfCmD0iJUkz8vTsn4hq/5ZxRFE7UBAUiVcGbdnDdvVfhF9C3dQiDq3k7adQIziLT0cShgQIDAQAB";
        assert_eq!(fingerprint(&STANDARD.decode(value).unwrap()), "8eba5db5bea9b640d1c96a77256fe7f2");
    }

    #[test]
    fn validity_is_thirty_days_and_overlaps() {
        let period = Period::at("2026-01-15T00:00:00Z".parse().unwrap());
        let (from, until) = period.validity();
        assert_eq!(until - from, TimeDelta::days(30));
        let (next, _) = Period(period.0 + 1).validity();
        assert_eq!(until - next, TimeDelta::days(10));
    }
}
