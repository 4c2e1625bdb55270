//! The data directory: the store, the cluster's keys, and the administrator's kubeconfig. Only its owner may look into it.
//!
//! `store.redb`, `pki/{ca,admin}.{crt,key}`, `pki/{apiserver,sa}.key`, `admin.conf` (kubeadm's names), and `backup.sock`, at
//! which a server that runs gives a backup of what it has.

use crate::engine::Engine;
use crate::kubeconfig::write_private;
use crate::log::Log;
use crate::running::Failure;
use crate::tls::{self, Keys, Pair};
use datastore::{Backup, Datastore, File};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;

/// The files of which a backup has copies.
const KEPT: [&str; 6] = ["pki/ca.crt", "pki/ca.key", "pki/apiserver.key", "pki/admin.crt", "pki/admin.key", "pki/sa.key"];

/// A directory that is there.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Makes it if it is missing.
    pub fn make(path: &Path) -> Result<DataDir, Failure> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(path.join("pki")).map_err(told)?;
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o700)).map_err(told)?;
        Ok(DataDir(path.to_owned()))
    }
    pub fn store(&self) -> PathBuf {
        self.0.join("store.redb")
    }
    pub fn kubeconfig(&self) -> PathBuf {
        self.0.join("admin.conf")
    }
    /// The cluster's keys: those that are there, and new ones for those that are not.
    pub fn keys(&self) -> Result<Keys, Failure> {
        let authority = self.kept("pki/ca.key", tls::new_key)?;
        let certificate = self.kept("pki/ca.crt", || tls::authority_certificate(&authority))?;
        let admin = self.kept("pki/admin.key", tls::new_key)?;
        let admin_certificate = self.kept("pki/admin.crt", || tls::admin_certificate(&authority, &admin))?;
        Ok(Keys {
            server: self.kept("pki/apiserver.key", tls::new_key)?,
            accounts: self.kept("pki/sa.key", tls::new_key)?,
            authority: Pair { certificate, key: authority },
            admin: Pair { certificate: admin_certificate, key: admin },
        })
    }
    fn kept(&self, name: &str, make: impl FnOnce() -> Result<String, Failure>) -> Result<String, Failure> {
        let path = self.0.join(name);
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text = make()?;
                write_private(&path, &text).map_err(told)?;
                Ok(text)
            }
            Err(error) => Err(told(error).into()),
        }
    }
    fn files(&self) -> Result<Vec<File>, Failure> {
        let mut files = Vec::new();
        for name in KEPT {
            let path = self.0.join(name);
            let contents = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.push((name.to_string(), contents));
        }
        Ok(files)
    }
    fn socket(&self) -> PathBuf {
        self.0.join("backup.sock")
    }
    /// Gives backups of a running server to whoever may enter the directory.
    pub fn give_backups(&self, engine: &Engine, log: &Log) -> Result<(), Failure> {
        let path = self.socket();
        // The store is ours, so nobody else listens there.
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (folder, engine, log) = (self.clone(), engine.clone(), log.clone());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (folder, store) = (folder.clone(), engine.moment().store.clone());
                let made = tokio::task::spawn_blocking(move || {
                    let mut bytes = Vec::new();
                    Backup { store, files: folder.files()? }.write(&mut bytes)?;
                    Ok::<_, Failure>(bytes)
                });
                match made.await {
                    // Who goes away early has half of it, and sees that.
                    Ok(Ok(bytes)) => drop(client.write_all(&bytes).await),
                    Ok(Err(error)) => log.error(&format!("no backup: {error}")),
                    Err(error) => log.error(&format!("no backup: {error}")),
                }
            }
        });
        Ok(())
    }
}

/// Copies the state of a server, running or not, into a file; answers how many objects it holds.
pub fn backup(folder: &Path, file: &Path) -> Result<usize, Failure> {
    let folder = DataDir(folder.to_owned());
    if !folder.store().exists() {
        return Err(format!("there is no store in {}", folder.0.display()).into());
    }
    let mut bytes = Vec::new();
    match UnixStream::connect(folder.socket()) {
        Ok(mut server) => drop(server.read_to_end(&mut bytes)?),
        Err(_) => {
            let (_, store) = Datastore::open(&folder.store(), usize::MAX)?;
            Backup { store, files: folder.files()? }.write(&mut bytes)?;
        }
    }
    // What is not whole is no backup.
    let objects = Backup::read(bytes.as_slice())?.store.now().len();
    let told = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    let _ = std::fs::remove_file(&new);
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(told)?;
    out.write_all(&bytes).and_then(|()| out.sync_all()).map_err(told)?;
    std::fs::rename(&new, file).map_err(told)?;
    Ok(objects)
}

/// Makes a data directory of a backup; answers how many objects it holds. A store that is there already is left alone.
pub fn restore(folder: &Path, file: &Path) -> Result<usize, Failure> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let backup = Backup::read(bytes.as_slice())?;
    let folder = DataDir::make(folder)?;
    let path = folder.store();
    if path.exists() {
        return Err(format!("{} is there already: move it away first", path.display()).into());
    }
    for (name, contents) in &backup.files {
        if !KEPT.contains(&name.as_str()) {
            return Err(format!("the backup names a file that no server has: {name}").into());
        }
        write_private(&folder.0.join(name), &String::from_utf8_lossy(contents))?;
    }
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    backup.restore(&new)?;
    std::fs::rename(&new, &path)?;
    std::fs::File::open(&folder.0)?.sync_all()?;
    Ok(backup.store.now().len())
}
