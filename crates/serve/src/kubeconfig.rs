//! The file with which kubectl gets in. It holds secrets: only its owner may read it.

use base::base64_encode;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use value::{Value, list, obj};

use crate::tls::Pair;

/// What a kubeconfig says of the server and of the one who asks.
pub struct Kubeconfig<'a> {
    pub server: &'a str,
    /// PEM; empty for plain HTTP.
    pub authority: &'a str,
    pub pair: Option<&'a Pair>,
}

impl Kubeconfig<'_> {
    pub fn text(&self) -> String {
        let mut cluster = obj! { "server" => self.server };
        if !self.authority.is_empty() {
            cluster.set(&["certificate-authority-data"], base64_encode(self.authority.as_bytes()));
        }
        let mut user = Value::map();
        if let Some(pair) = self.pair {
            user.set(&["client-certificate-data"], base64_encode(pair.certificate.as_bytes()));
            user.set(&["client-key-data"], base64_encode(pair.key.as_bytes()));
        }
        // The names that kubeadm gives.
        let (cluster_name, name) = ("kubernetes", "kubernetes-admin@kubernetes");
        let context = obj! { "cluster" => cluster_name, "user" => "kubernetes-admin" };
        obj! {
            "apiVersion" => "v1", "kind" => "Config", "current-context" => name,
            "clusters" => list![obj! { "name" => cluster_name, "cluster" => cluster }],
            "contexts" => list![obj! { "name" => name, "context" => context }],
            "users" => list![obj! { "name" => "kubernetes-admin", "user" => user }],
        }
        .to_yaml()
    }
}

/// Replaces a file in one step, so that it is whole whenever the machine stops. Only its owner may read it.
pub fn write_private(path: &Path, contents: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    // One that was left by a crash could be readable for others.
    let _ = std::fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(contents.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}
