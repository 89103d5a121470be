//! RSA keys of 2048 bits that depend on a name alone: the same seed signs with the same keys.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use sha2::{Digest, Sha256};

/// The key of a name. It takes a moment to make: not under the lock.
pub fn private_key(name: &str) -> RsaPrivateKey {
    let mut random = ChaCha12Rng::from_seed(Sha256::digest(name).into());
    loop {
        let (p, q) = (prime::<128>(&mut random), prime::<128>(&mut random));
        if let Ok(key) = RsaPrivateKey::from_p_q(p, q, BigUint::from(EXPONENT)) {
            return key;
        }
    }
}

/// A key that signs two and a half times as fast, for what is signed by the thousand: its modulus has four prime
/// factors (RFC 8017, 3.2). Who verifies sees no difference, and what it protects is worth nothing.
pub fn quick_key(name: &str) -> RsaPrivateKey {
    let mut random = ChaCha12Rng::from_seed(Sha256::digest(name).into());
    loop {
        let primes = (0..4).map(|_| prime::<64>(&mut random)).collect();
        match RsaPrivateKey::from_primes(primes, BigUint::from(EXPONENT)) {
            Ok(key) if key.n().bits() == 2048 => return key,
            _ => {}
        }
    }
}

const EXPONENT: u32 = 65_537;
/// Rounds of Miller and Rabin's test beyond the one in base 2; FIPS 186-5, table B.1, wants 5 for 1024 bits.
const ROUNDS: usize = 5;
/// Odd numbers looked at from one random start; one in 355 of this size is prime.
const WINDOW: usize = 4096;

/// A random prime of so many bytes. Multiples of small primes are sieved out first, which leaves some 40 numbers to
/// test instead of 355 for 1024 bits: most of the time is spent there.
fn prime<const BYTES: usize>(random: &mut ChaCha12Rng) -> BigUint {
    let small = small_primes();
    loop {
        let mut bytes = [0; BYTES];
        random.fill_bytes(&mut bytes);
        // The product of two numbers whose two highest bits are set has 2048 bits.
        bytes[0] |= 0b1100_0000;
        bytes[BYTES - 1] |= 1;
        let start = BigUint::from_bytes_be(&bytes);
        let candidates = sieve(&bytes, &small).into_iter().map(|offset| &start + BigUint::from(offset));
        for candidate in candidates {
            if is_prime(&candidate, random) {
                return candidate;
            }
        }
    }
}

/// Even offsets from an odd number at which no small prime divides.
fn sieve(start: &[u8], small: &[u32]) -> Vec<u32> {
    let mut composite = [false; WINDOW];
    for &prime in small {
        let prime = u64::from(prime);
        let remainder = start.iter().fold(0, |rest, byte| (rest << 8 | u64::from(*byte)) % prime);
        // The first k with start + 2k ≡ 0: k ≡ -start / 2, and 1/2 is (prime + 1) / 2.
        let first = (prime - remainder) * prime.div_ceil(2) % prime;
        for slot in composite.iter_mut().skip(first as usize).step_by(prime as usize) {
            *slot = true;
        }
    }
    (0u32..).step_by(2).zip(composite).filter(|(_, composite)| !composite).map(|(offset, _)| offset).collect()
}

/// The odd primes below 2^14.
fn small_primes() -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::new();
    for number in (3..1 << 14).step_by(2) {
        if primes.iter().take_while(|prime| *prime * *prime <= number).all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
}

fn is_prime(number: &BigUint, random: &mut ChaCha12Rng) -> bool {
    let base = |random: &mut ChaCha12Rng| {
        let mut bytes = [0; 127];
        random.fill_bytes(&mut bytes);
        BigUint::from_bytes_be(&bytes)
    };
    passes(number, &BigUint::from(2u32)) && (0..ROUNDS).all(|_| passes(number, &base(random)))
}

/// One round of Miller and Rabin's test for an odd number.
fn passes(number: &BigUint, base: &BigUint) -> bool {
    let one = BigUint::from(1u32);
    let less_one = number - &one;
    let bytes = less_one.to_bytes_le();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let twos = zeros * 8 + bytes.get(zeros).map_or(0, |byte| byte.trailing_zeros() as usize);
    let mut power = base.modpow(&(&less_one >> twos), number);
    if power == one || power == less_one {
        return true;
    }
    for _ in 1..twos {
        power = &power * &power % number;
        if power == less_one {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_composites() {
        let mut random = ChaCha12Rng::seed_from_u64(1);
        // 2^61-1 and 2^89-1 are Mersenne primes; 561 and 3215031751 fool weaker tests.
        for (digits, prime) in [
            ("2305843009213693951", true),
            ("618970019642690137449562111", true),
            ("561", false),
            ("3215031751", false),
            ("2305843009213693953", false),
        ] {
            let number = digits.bytes().fold(BigUint::from(0u32), |sum, digit| sum * 10u32 + u32::from(digit - b'0'));
            assert_eq!(is_prime(&number, &mut random), prime, "{digits}");
        }
    }
}
