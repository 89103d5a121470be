//! Key pairs (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-key-pairs.html>).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use md5::Md5;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::hex::hex;
use crate::world::op::Op;
use crate::world::rsa_keys;
use crate::world::time::Time;

use super::filters::{Filters, Listing, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, kinds, store};

/// The operations on key pairs.
pub const OPS: &[Op] = &[
    op!(Write "CreateKeyPair" create),
    op!(Write "DeleteKeyPair" delete),
    op!(Read "DescribeKeyPairs" describe),
    op!(Write "ImportKeyPair" import),
];

/// Key pairs of a Region.
const PAIRS_MAX: usize = 5000;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::KEY_PAIR,
    paths: &[("fingerprint", "KeyFingerprint"), ("key-name", "KeyName"), ("key-pair-id", "KeyPairId")],
};

/// The public half of a key pair, which is kept.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// `key-…`
    pub id: String,
    pub name: String,
    /// `rsa` or `ed25519`.
    pub kind: &'static str,
    pub fingerprint: String,
    /// As in `authorized_keys`, without a comment.
    pub public: String,
    pub created: Time,
}

record! {
    struct Create {
        name: String = "KeyName",
        kind: Option<String> = "KeyType",
        format: Option<String> = "KeyFormat",
    }
    struct Created {
        id: String = "KeyPairId",
        tags: Vec<Tag> = "Tags",
        name: String = "KeyName",
        fingerprint: String = "KeyFingerprint",
        material: String = "KeyMaterial",
    }
    struct Import { name: String = "KeyName", material: Bytes = "PublicKeyMaterial" }
    struct Imported {
        fingerprint: String = "KeyFingerprint",
        name: String = "KeyName",
        id: String = "KeyPairId",
        tags: Vec<Tag> = "Tags",
    }
    struct Delete { name: Option<String> = "KeyName", id: Option<String> = "KeyPairId" }
    struct Deleted { done: bool = "Return", id: Option<String> = "KeyPairId" }
    struct Describe {
        names: Vec<String> = "KeyNames",
        ids: Vec<String> = "KeyPairIds",
        with_key: bool = "IncludePublicKey",
    }
    struct Pairs { pairs: Vec<Shown<View>> = "KeyPairs" }
    struct View {
        id: String = "KeyPairId",
        kind: String = "KeyType",
        tags: Vec<Tag> = "Tags",
        public: Option<String> = "PublicKey",
        created: Time = "CreateTime",
        name: String = "KeyName",
        fingerprint: String = "KeyFingerprint",
    }
}

/// A key before it is kept: kind, fingerprint, public half.
struct Key {
    kind: &'static str,
    fingerprint: String,
    public: String,
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    if input.format.as_deref() == Some("ppk") {
        return Err(faults::unsupported("keys in the format of PuTTY"));
    }
    check_name(store(cx), &input.name)?;
    let tags = tagging.only(&kinds::KEY_PAIR)?;
    dry_run(cx)?;
    let seed = cx.world.ids.bytes::<32>();
    let made = if input.kind.as_deref() == Some("ed25519") { new_ed25519(seed) } else { new_rsa(seed) };
    let (key, material) = made.ok_or_else(faults::key_not_made)?;
    let pair = keep(cx, input.name, key, tags);
    let tags = store(cx).tags.shown(&pair.id);
    Ok(Created { id: pair.id, tags, name: pair.name, fingerprint: pair.fingerprint, material })
}

fn check_name(ec2: &Store, name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > 255 {
        return Err(faults::invalid_parameter(name, "KeyName", "Up to 255 characters."));
    }
    if ec2.key_pairs.contains_key(name) {
        return Err(faults::key_exists(name));
    }
    match ec2.key_pairs.len() >= PAIRS_MAX {
        true => Err(faults::limit_exceeded("KeyPairLimitExceeded", "key pairs")),
        false => Ok(()),
    }
}

fn keep(cx: &mut Cx, name: String, key: Key, tags: super::tags::Tags) -> KeyPair {
    let id = cx.world.ids.ec2("key");
    let created = cx.world.now;
    let Key { kind, fingerprint, public } = key;
    let pair = KeyPair { id, name, kind, fingerprint, public, created };
    let ec2 = store(cx);
    ec2.tags.add(&pair.id, tags);
    ec2.key_pairs.insert(pair.name.clone(), pair.clone());
    pair
}

/// An RSA key of 2048 bits, and its private half. The fingerprint is SHA-1 over the private half in PKCS #8.
fn new_rsa(seed: [u8; 32]) -> Option<(Key, String)> {
    let key = rsa_keys::private_key(&hex(&seed));
    let fingerprint = colons(&Sha1::digest(key.to_pkcs8_der().ok()?.as_bytes()));
    let public = open_ssh("ssh-rsa", &[&mpint(key.e()), &mpint(key.n())]);
    let material = key.to_pkcs1_pem(LineEnding::LF).ok()?.to_string();
    Some((Key { kind: "rsa", fingerprint, public }, material))
}

/// An Ed25519 key, and its private half in OpenSSH's format. The fingerprint is OpenSSH's SHA-256.
fn new_ed25519(seed: [u8; 32]) -> Option<(Key, String)> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
    let public = pair.public_key().as_ref();
    let blob = fields(&[b"ssh-ed25519", public]);
    let fingerprint = STANDARD.encode(Sha256::digest(&blob));
    let key = Key { kind: "ed25519", fingerprint, public: open_ssh("ssh-ed25519", &[public]) };
    Some((key, open_ssh_private(&seed, public, &blob)))
}

/// OpenSSH's format of private keys (its PROTOCOL.key), without a passphrase.
fn open_ssh_private(seed: &[u8; 32], public: &[u8], blob: &[u8]) -> String {
    let check = &seed[..4];
    let mut secret = [check, check].concat();
    secret.extend(fields(&[b"ssh-ed25519", public, &[seed.as_slice(), public].concat(), b""]));
    let padding = (1u8..).take((8 - secret.len() % 8) % 8);
    secret.extend(padding);
    let mut out = b"openssh-key-v1\0".to_vec();
    out.extend(fields(&[b"none", b"none", b""]));
    out.extend(1u32.to_be_bytes());
    out.extend(fields(&[blob, &secret]));
    let encoded = STANDARD.encode(out);
    let lines: Vec<_> = encoded.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", lines.join("\n"))
}

/// `ssh-rsa AAAA…`
fn open_ssh(kind: &str, parts: &[&[u8]]) -> String {
    let mut all = vec![kind.as_bytes()];
    all.extend(parts);
    format!("{kind} {}", STANDARD.encode(fields(&all)))
}

/// Each text with its length before it (RFC 4251, 5).
fn fields(parts: &[&[u8]]) -> Vec<u8> {
    let field = |part: &&[u8]| [(part.len() as u32).to_be_bytes().as_slice(), part].concat();
    parts.iter().flat_map(field).collect()
}

/// A positive number has a leading zero where its first bit would make it negative.
fn mpint(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| *first >= 0x80) { [&[0], bytes.as_slice()].concat() } else { bytes }
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn import(cx: &mut Cx, (input, tagging): (Import, Tagging)) -> Result<Imported, Fault> {
    check_name(store(cx), &input.name)?;
    let text = std::str::from_utf8(&input.material).ok();
    let key = text.and_then(read_public).ok_or_else(faults::key_format)?;
    let tags = tagging.only(&kinds::KEY_PAIR)?;
    dry_run(cx)?;
    let pair = keep(cx, input.name, key, tags);
    let tags = store(cx).tags.shown(&pair.id);
    Ok(Imported { fingerprint: pair.fingerprint, name: pair.name, id: pair.id, tags })
}

/// Reads a line of `authorized_keys`. The fingerprint of an RSA key is MD5 over it in DER.
fn read_public(text: &str) -> Option<Key> {
    let mut words = text.split_whitespace();
    let (kind, encoded) = (words.next()?, words.next()?);
    let encoded_bare = encoded.trim_end_matches('=');
    let blob = STANDARD_NO_PAD.decode(encoded_bare).ok()?;
    let parts = read_fields(&blob)?;
    let public = format!("{kind} {}", STANDARD.encode(&blob));
    match (kind, parts.as_slice()) {
        ("ssh-rsa", [b"ssh-rsa", e, n]) => {
            let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()?;
            let fingerprint = colons(&Md5::digest(key.to_public_key_der().ok()?.as_bytes()));
            Some(Key { kind: "rsa", fingerprint, public })
        }
        ("ssh-ed25519", [b"ssh-ed25519", key]) if key.len() == 32 => {
            Some(Key { kind: "ed25519", fingerprint: STANDARD.encode(Sha256::digest(&blob)), public })
        }
        _ => None,
    }
}

fn read_fields(mut blob: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !blob.is_empty() {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        parts.push(part);
        blob = rest;
    }
    Some(parts)
}

/// Deleting what is not there is no error.
fn delete(cx: &mut Cx, input: Delete) -> Result<Deleted, Fault> {
    if input.name.is_none() && input.id.is_none() {
        return Err(faults::missing_parameter("KeyName"));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    let is_it = |pair: &&KeyPair| input.name.as_ref() == Some(&pair.name) || input.id.as_ref() == Some(&pair.id);
    let found = ec2.key_pairs.values().find(is_it).map(|pair| (pair.name.clone(), pair.id.clone()));
    let Some((name, id)) = found else { return Ok(Deleted { done: true, id: None }) };
    ec2.key_pairs.remove(&name);
    ec2.tags.forget(&id);
    Ok(Deleted { done: true, id: Some(id) })
}

fn describe(cx: &mut Cx, (input, filters): (Describe, Filters)) -> Result<Pairs, Fault> {
    let ec2 = store(cx);
    if let Some(missing) = input.names.iter().find(|name| !ec2.key_pairs.contains_key(*name)) {
        return Err(faults::not_found(&kinds::KEY_PAIR, missing));
    }
    let by_id: super::BTreeMap<String, &KeyPair> = ec2.key_pairs.values().map(|pair| (pair.id.clone(), pair)).collect();
    let mut ids = input.ids;
    ids.extend(input.names.iter().filter_map(|name| ec2.key_pairs.get(name)).map(|pair| pair.id.clone()));
    let wanted = Wanted { ids: &ids, filters: &filters, page: &PageRequest::default() };
    let (pairs, _) = LISTING.list(&ec2.tags, &by_id, wanted, |pair| pair.view(ec2, input.with_key))?;
    Ok(Pairs { pairs })
}

impl KeyPair {
    fn view(&self, ec2: &Store, with_key: bool) -> View {
        View {
            id: self.id.clone(),
            kind: self.kind.to_owned(),
            tags: ec2.tags.shown(&self.id),
            public: with_key.then(|| format!("{} {}", self.public, self.name)),
            created: self.created,
            name: self.name.clone(),
            fingerprint: self.fingerprint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8032, 7.1, test 1, and its public half.
    #[test]
    fn ed25519_keys_are_openssh_s() {
        let seed = crate::world::hex::unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let seed: [u8; 32] = seed.and_then(|seed| seed.try_into().ok()).expect("32 bytes");
        let (key, material) = new_ed25519(seed).expect("a key");
        let public = crate::world::hex::unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.public, open_ssh("ssh-ed25519", &[&public.expect("32 bytes")]));
        assert!(material.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA"));
        let read = read_public(&key.public).expect("a public key");
        assert_eq!((read.kind, read.fingerprint), ("ed25519", key.fingerprint));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in
            ["", "ssh-rsa", "ssh-rsa AAAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "ssh-dss AAAAB3NzaC1kc3M="]
        {
            assert!(read_public(text).is_none(), "{text}");
        }
    }
}
