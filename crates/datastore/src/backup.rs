//! `Backup`: the state of a store at one revision and the files beside it, as one compressed file that tells whether it is whole.

use crate::datastore::{Datastore, state_record};
use crate::{Failure, record};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::path::Path;
use store::{Kept, Store};

/// What a backup begins with, in its compressed form's content.
const MAGIC: &[u8; 20] = b"tabernetes backup 1\n";
/// Revisions go on this far above those of the backup: later ones, which clients may know, must not come again with other
/// contents. They are told that what they know is too old.
const AHEAD: u64 = 1_000_000;
/// No record is larger.
const LARGEST: u64 = 1 << 30;

/// A file that belongs to the cluster, by its path in the data directory.
pub type File = (String, Vec<u8>);

/// What a backup holds.
pub struct Backup {
    pub store: Store,
    pub files: Vec<File>,
}

impl Backup {
    /// Writes it out, and says how many objects it holds.
    pub fn write(&self, to: impl Write) -> std::io::Result<u64> {
        let mut out = GzEncoder::new(to, Compression::fast());
        out.write_all(MAGIC)?;
        let now = self.store.now();
        for number in [self.store.rev(), self.store.hash(), self.files.len() as u64, now.len() as u64] {
            out.write_all(&number.to_le_bytes())?;
        }
        let mut place = 0;
        for (name, contents) in &self.files {
            piece(&mut out, &mut place, name.as_bytes())?;
            piece(&mut out, &mut place, contents)?;
        }
        for object in now.all() {
            piece(&mut out, &mut place, &object.meta.revision.to_le_bytes())?;
            piece(&mut out, &mut place, &record::write(&state_record(object)))?;
        }
        out.finish()?.flush()?;
        Ok(now.len() as u64)
    }
    /// Reads one; anything missing or changed is told.
    pub fn read(from: impl Read) -> Result<Backup, Failure> {
        let mut from = GzDecoder::new(from);
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic).map_err(broken)?;
        if &magic != MAGIC {
            return Err(Failure::Machine("this is no backup of this version".into()));
        }
        let [rev, hash, files, objects] = [number(&mut from)?, number(&mut from)?, number(&mut from)?, number(&mut from)?];
        let mut place = 0;
        let mut backup = Backup { store: Store::default(), files: Vec::new() };
        for _ in 0..files {
            let name = String::from_utf8(taken(&mut from, &mut place)?).map_err(broken)?;
            backup.files.push((name, taken(&mut from, &mut place)?));
        }
        let mut kept = Kept { rev: rev + AHEAD, hash, ..Kept::default() };
        for _ in 0..objects {
            let at = taken(&mut from, &mut place)?.try_into().map(u64::from_le_bytes).map_err(|_| broken("a revision"))?;
            let commit = record::read(at, &taken(&mut from, &mut place)?).ok_or_else(|| broken("an object"))?;
            kept.objects.push(commit.object);
        }
        let mut rest = Vec::new();
        from.take(1).read_to_end(&mut rest).map_err(broken)?;
        if !rest.is_empty() {
            return Err(broken("something follows its end"));
        }
        backup.store = Store::restored(kept, 0).map_err(broken)?;
        Ok(backup)
    }
    /// Puts the store into a new file.
    pub fn restore(&self, path: &Path) -> Result<(), Failure> {
        let (datastore, _) = Datastore::open(path, 1)?;
        datastore.begin(&self.store)
    }
}

fn broken(why: impl std::fmt::Display) -> Failure {
    Failure::Machine(format!("the backup is damaged or cut off: {why}"))
}

/// Bytes with their length before and their sum after them.
fn piece(out: &mut impl Write, place: &mut u64, bytes: &[u8]) -> std::io::Result<()> {
    *place += 1;
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)?;
    out.write_all(&record::sum(*place, bytes).to_le_bytes())
}

fn taken(from: &mut impl Read, place: &mut u64) -> Result<Vec<u8>, Failure> {
    *place += 1;
    let len = number(from)?;
    let mut bytes = Vec::new();
    from.take(len.min(LARGEST)).read_to_end(&mut bytes).map_err(broken)?;
    let whole = bytes.len() as u64 == len && number(from)? == record::sum(*place, &bytes);
    if whole { Ok(bytes) } else { Err(broken("a part is not as written")) }
}

fn number(from: &mut impl Read) -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes).map_err(broken)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::{Cause, Change, Expect, Origin};
    use base::Time;
    use model::Key;
    use value::obj;

    #[test]
    fn a_backup_is_whole_or_refused() {
        let mut store = Store::default();
        for name in ["a", "b", "c"] {
            let key = Key::new(&"configmaps".into(), "x", name);
            let object = obj! { "metadata" => obj! { "name" => name, "namespace" => "x" } };
            let write = api::Write { key, expect: Expect::Absent, change: Change::Put(object) };
            store.commit(write, Cause::new("me", Origin::Start), Time::EPOCH).expect("new");
        }
        let files = vec![("pki/ca.key".to_string(), b"secret".to_vec())];
        let backup = Backup { store: store.clone(), files: files.clone() };
        let mut bytes = Vec::new();
        assert_eq!(backup.write(&mut bytes).ok(), Some(3));
        let again = Backup::read(bytes.as_slice()).expect("whole");
        assert_eq!((again.files, again.store.rev()), (files, 3 + AHEAD));
        let all = |store: &Store| store.now().all().cloned().collect::<Vec<_>>();
        assert!(all(&again.store) == all(&store));
        assert!(again.store.since(3).is_err(), "older watches have to begin anew");
        for end in 0..bytes.len() {
            assert!(Backup::read(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
