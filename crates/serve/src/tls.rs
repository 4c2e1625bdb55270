//! The cluster's certificate authority and the certificates that it signs. The server's is made anew at each start, since its
//! addresses may have changed; whoever trusts the authority trusts it too.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The authority, the server's side of TLS, and what an administrator needs to get in.
pub struct Certificates {
    pub authority: String,
    pub admin: Pair,
    pub acceptor: TlsAcceptor,
}

/// A certificate and its key in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The names by which a server is reached from inside the cluster.
const NAMES: [&str; 5] =
    ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// What the cluster's identities hang on: the authority and the keys that it signs for. All in PEM.
#[derive(Clone)]
pub struct Keys {
    pub authority: Pair,
    pub server: String,
    pub admin: Pair,
    /// Signs service account tokens.
    pub accounts: String,
}

impl Keys {
    /// New ones.
    pub fn make() -> Result<Keys, Failure> {
        let (authority, admin) = (new_key()?, new_key()?);
        let authority = Pair { certificate: authority_certificate(&authority)?, key: authority };
        let admin = Pair { certificate: admin_certificate(&authority.key, &admin)?, key: admin };
        Ok(Keys { authority, server: new_key()?, admin, accounts: new_key()? })
    }
    /// The certificates of a server at these addresses and names.
    pub fn certificates(&self, addresses: &[IpAddr], names: &[String]) -> Result<Certificates, Failure> {
        let issuer = Issuer::new(authority_params()?, KeyPair::from_pem(&self.authority.key)?);
        let mut server = params("kube-apiserver", None, ExtendedKeyUsagePurpose::ServerAuth)?;
        for name in NAMES.into_iter().chain(names.iter().map(String::as_str)) {
            server.subject_alt_names.push(SanType::DnsName(name.try_into()?));
        }
        server.subject_alt_names.extend(addresses.iter().map(|ip| SanType::IpAddress(*ip)));
        let server_key = KeyPair::from_pem(&self.server)?;
        let server = server.signed_by(&server_key, &issuer)?;

        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.certificate.as_bytes())?)?;
        let clients = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build()?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let mut config =
            ServerConfig::builder().with_client_cert_verifier(clients).with_single_cert(vec![server.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Certificates {
            authority: self.authority.certificate.clone(),
            admin: self.admin.clone(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}

/// A private key in PEM.
pub fn new_key() -> Result<String, Failure> {
    Ok(KeyPair::generate()?.serialize_pem())
}

/// The authority's certificate for its key.
pub fn authority_certificate(key: &str) -> Result<String, Failure> {
    Ok(authority_params()?.self_signed(&KeyPair::from_pem(key)?)?.pem())
}

/// The administrator's certificate for a key, signed by the authority of another.
pub fn admin_certificate(authority: &str, key: &str) -> Result<String, Failure> {
    let issuer = Issuer::new(authority_params()?, KeyPair::from_pem(authority)?);
    let admin = params("kubernetes-admin", Some("system:masters"), ExtendedKeyUsagePurpose::ClientAuth)?;
    Ok(admin.signed_by(&KeyPair::from_pem(key)?, &issuer)?.pem())
}

fn authority_params() -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "kubernetes");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn params(name: &str, organization: Option<&str>, purpose: ExtendedKeyUsagePurpose) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(organization) = organization {
        params.distinguished_name.push(DnType::OrganizationName, organization);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
