//! Service account tokens in their form: JSON Web Tokens, signed with ES256. What they say is decided by `apiserver`.

use crate::running::Failure;
use base::{base64_decode, base64_encode};
use rcgen::{KeyPair, PublicKeyData};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey};
use value::{Value, list, obj};

/// A key that signs, and the name by which tokens tell that it was this one.
pub struct Signer {
    key: EcdsaKeyPair,
    name: String,
}

impl Signer {
    /// Of a private key in PEM.
    pub fn new(pem: &str) -> Result<Signer, Failure> {
        let pair = KeyPair::from_pem(pem)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pair.serialize_der(), &SystemRandom::new());
        let key = key.map_err(|error| format!("the key for service account tokens: {error}"))?;
        Ok(Signer { key, name: encode(digest(&SHA256, &pair.subject_public_key_info()).as_ref()) })
    }
    /// The token that says this.
    pub fn sign(&self, claims: &str) -> Result<String, Failure> {
        let head = obj! { "alg" => "ES256", "kid" => self.name.as_str() };
        let said = format!("{}.{}", encode(head.to_json().as_bytes()), encode(claims.as_bytes()));
        let signature = self.key.sign(&SystemRandom::new(), said.as_bytes()).map_err(|_| "a token could not be signed")?;
        Ok(format!("{said}.{}", encode(signature.as_ref())))
    }
    /// What a token says, if it was signed with this key.
    pub fn claims(&self, token: &str) -> Option<Value> {
        let (said, signature) = token.rsplit_once('.')?;
        let (head, claims) = said.split_once('.')?;
        if json(head)?["alg"].s() != "ES256" {
            return None;
        }
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key().as_ref());
        public.verify(said.as_bytes(), &decode(signature)?).ok()?;
        json(claims)
    }
    /// The public key, for whoever wants to check tokens (a JSON Web Key Set).
    pub fn keys(&self) -> Value {
        // A point in its plain form: a byte, then both coordinates.
        let point = self.key.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
        let key = obj! {
            "use" => "sig", "kty" => "EC", "kid" => self.name.as_str(), "crv" => "P-256", "alg" => "ES256",
            "x" => encode(x), "y" => encode(y),
        };
        obj! { "keys" => list![key] }
    }
}

fn json(part: &str) -> Option<Value> {
    Value::from_json(std::str::from_utf8(&decode(part)?).ok()?).ok()
}

/// Base64 in the form for URLs.
fn encode(bytes: &[u8]) -> String {
    base64_encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let padded = text.replace('-', "+").replace('_', "/") + &"=".repeat((4 - text.len() % 4) % 4);
    base64_decode(&padded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_believed() {
        let key = crate::tls::new_key().expect("a key");
        let (signer, other) = (Signer::new(&key).expect("a key"), crate::tls::new_key().expect("a key"));
        let token = signer.sign(r#"{"sub":"me"}"#).expect("signed");
        assert_eq!(signer.claims(&token).expect("ours")["sub"].s(), "me");
        assert!(Signer::new(&key).expect("a key").claims(&token).is_some(), "after a restart too");
        assert!(Signer::new(&other).expect("a key").claims(&token).is_none());
        let [head, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().expect("three parts");
        let forged = encode(br#"{"sub":"you"}"#);
        assert!(signer.claims(&format!("{head}.{forged}.{signature}")).is_none());
        let none = encode(br#"{"alg":"none"}"#);
        assert!(signer.claims(&format!("{none}.{claims}.")).is_none());
        assert!(signer.claims(&format!("{head}.{claims}.")).is_none() && signer.claims("").is_none());
        let keys = signer.keys();
        let one = &keys["keys"].items()[0];
        assert_eq!((one["x"].s().len(), one["y"].s().len(), one["kid"].s().len()), (43, 43, 43));
    }
}
