//! The cluster's certificate authority and the certificates that it signs. Everything is made anew at each start.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
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

/// Makes an authority and signs for a server at these addresses and for an administrator.
pub fn make(addresses: &[IpAddr]) -> Result<Certificates, Failure> {
    let authority = authority()?;
    let mut server = params("kube-apiserver", None, ExtendedKeyUsagePurpose::ServerAuth)?;
    for name in NAMES {
        server.subject_alt_names.push(SanType::DnsName(name.try_into()?));
    }
    server.subject_alt_names.extend(addresses.iter().map(|ip| SanType::IpAddress(*ip)));
    let server_key = KeyPair::generate()?;
    let server = server.signed_by(&server_key, &authority)?;
    let admin_key = KeyPair::generate()?;
    let admin = params("kubernetes-admin", Some("system:masters"), ExtendedKeyUsagePurpose::ClientAuth)?;
    let admin = admin.signed_by(&admin_key, &authority)?;

    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let clients = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build()?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let mut config =
        ServerConfig::builder().with_client_cert_verifier(clients).with_single_cert(vec![server.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Certificates {
        authority: authority.pem(),
        admin: Pair { certificate: admin.pem(), key: admin_key.serialize_pem() },
        acceptor: TlsAcceptor::from(Arc::new(config)),
    })
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, Failure> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "kubernetes");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
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
