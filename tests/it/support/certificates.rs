//! Certificates for one test: an authority of its own that signs for this machine and for clients.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};

/// An authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key as PEM.
pub struct Identity {
    pub certificate: String,
    pub private_key: String,
}

impl Authority {
    /// A new one that nobody else trusts.
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("a certificate"))
    }

    /// What others are given to trust it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, and its key.
    pub fn sign(&self, name: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let certificate: Certificate = parameters.signed_by(&key, &self.0).expect("a certificate");
        Identity { certificate: certificate.pem(), private_key: key.serialize_pem() }
    }
}

/// Writes a text where the server reads it.
pub fn put(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("written");
    path
}
