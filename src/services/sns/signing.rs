//! What signs messages: an RSA key and its certificate, which receivers fetch to verify signatures.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use rsa::pkcs1v15::SigningKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::Sha256;
use x509_cert::builder::{Builder, CertificateBuilder, Profile};
use x509_cert::der::EncodePem;
use x509_cert::der::asn1::GeneralizedTime;
use x509_cert::der::pem::LineEnding;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

use crate::services::cloudtrail::keys::hex;
use crate::world::rsa_keys::quick_key;

use super::attributes::SignatureVersion;

/// Makes its key when it is first asked to sign, and keeps it. That takes a moment, so it can be cloned and used by
/// another thread.
#[derive(Clone, Debug)]
pub struct Signer {
    seed: u64,
    key: Arc<OnceLock<RsaPrivateKey>>,
    certificate: Arc<OnceLock<String>>,
}

impl Signer {
    pub fn new(seed: u64) -> Signer {
        Signer { seed, key: Arc::default(), certificate: Arc::default() }
    }

    fn key(&self) -> &RsaPrivateKey {
        self.key.get_or_init(|| quick_key(&format!("message key {}", self.seed)))
    }

    /// A signature of PKCS #1 v1.5, in Base64.
    pub fn sign(&self, version: SignatureVersion, text: &str) -> String {
        let signature = match version {
            SignatureVersion::One => self.key().sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(text)),
            SignatureVersion::Two => self.key().sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(text)),
        };
        // Signing a hash with 2048 bits has no failing case.
        STANDARD.encode(signature.unwrap_or_default())
    }

    /// `SimpleNotificationService-….pem`: the file of the certificate, at the root of every endpoint.
    pub fn certificate_name(&self) -> String {
        let name = hex(&Md5::digest(format!("message key {}", self.seed)));
        format!("SimpleNotificationService-{name}.pem")
    }

    /// The certificate as PEM; empty only where it cannot be encoded.
    pub fn certificate(&self) -> &str {
        self.certificate.get_or_init(|| {
            make_certificate(self.key()).unwrap_or_else(|error| {
                tracing::error!(%error, "cannot make the certificate of messages");
                String::new()
            })
        })
    }
}

/// A certificate that the key signs itself. It is valid at any time that the clock may show.
fn make_certificate(key: &RsaPrivateKey) -> Result<String, Box<dyn std::error::Error>> {
    let signer = SigningKey::<Sha256>::new(key.clone());
    let subject = Name::from_str("CN=sns.amazonaws.com,O=Trailcam")?;
    let public = SubjectPublicKeyInfoOwned::from_key(key.to_public_key())?;
    let end = x509_cert::der::DateTime::new(9999, 12, 31, 23, 59, 59)?;
    let validity = Validity {
        not_before: Time::try_from(std::time::UNIX_EPOCH + Duration::ZERO)?,
        not_after: Time::GeneralTime(GeneralizedTime::from_date_time(end)),
    };
    let serial = SerialNumber::from(1_u32);
    let builder = CertificateBuilder::new(Profile::Root, serial, validity, subject, public, &signer)?;
    let certificate = builder.build::<rsa::pkcs1v15::Signature>()?;
    Ok(certificate.to_pem(LineEnding::LF)?)
}

#[cfg(test)]
mod tests {
    use rsa::pkcs1v15::{Signature, VerifyingKey};
    use rsa::signature::Verifier;
    use x509_cert::Certificate;
    use x509_cert::der::{Decode, DecodePem, Encode};

    use super::*;

    #[test]
    fn the_certificate_verifies_itself_and_messages() {
        let signer = Signer::new(7);
        let certificate = Certificate::from_pem(signer.certificate()).unwrap();
        let public = certificate.tbs_certificate.subject_public_key_info.to_der().unwrap();
        let public =
            rsa::RsaPublicKey::try_from(rsa::pkcs8::SubjectPublicKeyInfoRef::from_der(&public).unwrap()).unwrap();
        let signature = Signature::try_from(certificate.signature.raw_bytes()).unwrap();
        let signed = certificate.tbs_certificate.to_der().unwrap();
        VerifyingKey::<Sha256>::new(public.clone()).verify(&signed, &signature).unwrap();

        let bytes = |version| STANDARD.decode(signer.sign(version, "text")).unwrap();
        let one = Signature::try_from(bytes(SignatureVersion::One).as_slice()).unwrap();
        VerifyingKey::<Sha1>::new(public.clone()).verify(b"text", &one).unwrap();
        let two = Signature::try_from(bytes(SignatureVersion::Two).as_slice()).unwrap();
        VerifyingKey::<Sha256>::new(public).verify(b"text", &two).unwrap();
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(Signer::new(7).certificate(), Signer::new(7).certificate());
        assert_ne!(Signer::new(7).certificate_name(), Signer::new(8).certificate_name());
        let name = Signer::new(7).certificate_name();
        assert_eq!(name.len(), "SimpleNotificationService-.pem".len() + 32);
    }
}
