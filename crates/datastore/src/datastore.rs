//! `Datastore`: the file. A record for each commit that is kept, under its revision; those at or below the compacted
//! revision are the state, one for each object, those above it are the log. As etcd does it, one tree is both.

use crate::{Failure, record};
use api::WatchKind;
use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use store::{Commit, Kept, Store};

const RECORDS: TableDefinition<u64, &[u8]> = TableDefinition::new("records");
const FACTS: TableDefinition<&str, u64> = TableDefinition::new("facts");

/// The form of the file.
const FORMAT: u64 = 1;
/// All objects are in memory anyway: the file's pages need little of it.
const CACHE: usize = 16 * 1024 * 1024;

/// The open file. Only one process has it at a time.
pub struct Datastore {
    database: Database,
    path: PathBuf,
}

/// How large it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sizes {
    /// Of the file.
    pub bytes: u64,
    pub records: u64,
}

/// What is noted beside the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Facts {
    rev: u64,
    compacted: u64,
    records: u64,
    hash: u64,
}

impl Datastore {
    /// Opens a file, or makes it, and reads the store that is in it, of which the last `keep` commits are kept. Every byte is
    /// checked.
    pub fn open(path: &Path, keep: usize) -> Result<(Datastore, Store), Failure> {
        // Secrets are in it.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(|error| Failure::at(path, &error))?;
        let backend = FileBackend::new(file).map_err(|error| unopened(path, error))?;
        let database = Builder::new().set_cache_size(CACHE).set_check_integrity_on_open(true).create_with_backend(backend);
        let opened = Datastore::of(database.map_err(|error| unopened(path, error))?, path, keep)?;
        // A file that was made just now must still be there after the machine lost power.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Failure::at(folder, &error))?;
        Ok(opened)
    }
    fn of(database: Database, path: &Path, keep: usize) -> Result<(Datastore, Store), Failure> {
        let datastore = Datastore { database, path: path.to_owned() };
        let Some(facts) = datastore.facts()? else {
            let store = Store::new(keep);
            datastore.begin(&store)?;
            return Ok((datastore, store));
        };
        let whole = datastore.load(facts)?;
        let mut store = whole.clone();
        store.keep(keep);
        if store.oldest() != whole.oldest() {
            datastore.append(&whole, &store)?;
        }
        Ok((datastore, store))
    }
    /// Makes durable what happened between two states of one store: commits are added, and records that no longer matter go.
    /// All of it or nothing.
    pub fn append(&self, from: &Store, to: &Store) -> Result<(), Failure> {
        let commits = to.since(from.rev()).map_err(|gone| lost(gone.oldest))?;
        let transaction = self.database.begin_write()?;
        {
            let mut records = transaction.open_table(RECORDS)?;
            for commit in commits {
                records.insert(commit.rev, record::write(commit).as_slice())?;
            }
            for rev in from.oldest()..to.oldest() {
                let commit = from.commit_at(rev).or_else(|| to.commit_at(rev)).ok_or_else(|| lost(rev))?;
                if let Some(before) = &commit.before {
                    records.remove(before.meta.revision)?;
                }
                if commit.kind == WatchKind::Deleted {
                    records.remove(rev)?;
                }
            }
            let facts = Facts { rev: to.rev(), compacted: to.oldest() - 1, records: records.len()?, hash: to.hash() };
            note(&mut transaction.open_table(FACTS)?, facts)?;
        }
        Ok(transaction.commit()?)
    }
    /// Writes a store without a log into an empty file.
    pub(crate) fn begin(&self, store: &Store) -> Result<(), Failure> {
        let transaction = self.database.begin_write()?;
        {
            let mut records = transaction.open_table(RECORDS)?;
            for object in store.now().all() {
                let commit = state_record(object);
                records.insert(commit.rev, record::write(&commit).as_slice())?;
            }
            let facts = Facts { rev: store.rev(), compacted: store.rev(), records: records.len()?, hash: store.hash() };
            note(&mut transaction.open_table(FACTS)?, facts)?;
        }
        Ok(transaction.commit()?)
    }
    pub fn sizes(&self) -> Sizes {
        let bytes = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        let count = || -> Result<u64, Failure> { Ok(self.database.begin_read()?.open_table(RECORDS)?.len()?) };
        Sizes { bytes, records: count().unwrap_or(0) }
    }
    fn facts(&self) -> Result<Option<Facts>, Failure> {
        let transaction = self.database.begin_read()?;
        let facts = match transaction.open_table(FACTS) {
            Ok(facts) => facts,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let fact = |name: &str| -> Result<u64, Failure> {
            let found = facts.get(name)?;
            found.map(|fact| fact.value()).ok_or_else(|| Failure::Damaged(format!("its {name} is missing")))
        };
        match fact("format")? {
            FORMAT => {}
            other => return Err(Failure::Newer(other)),
        }
        Ok(Some(Facts { rev: fact("revision")?, compacted: fact("compacted")?, records: fact("records")?, hash: fact("hash")? }))
    }
    fn load(&self, facts: Facts) -> Result<Store, Failure> {
        let transaction = self.database.begin_read()?;
        let records = transaction.open_table(RECORDS)?;
        let mut kept = Kept { rev: facts.compacted, hash: facts.hash, ..Kept::default() };
        let mut count = 0;
        for entry in records.iter()? {
            let (rev, bytes) = entry?;
            let rev = rev.value();
            let commit =
                record::read(rev, bytes.value()).ok_or_else(|| Failure::Damaged(format!("revision {rev} is not as written")))?;
            count += 1;
            if rev <= facts.compacted {
                kept.objects.push(commit.object);
            } else {
                kept.commits.push(commit);
            }
        }
        if count != facts.records {
            return Err(Failure::Damaged(format!("it has {count} of {} records", facts.records)));
        }
        let store = Store::restored(kept, 0).map_err(|rev| Failure::Damaged(format!("nothing is before revision {rev}")))?;
        if store.rev() != facts.rev {
            return Err(Failure::Damaged(format!("it ends at revision {} of {}", store.rev(), facts.rev)));
        }
        Ok(store)
    }
}

/// The record that stands for an object in the state.
pub(crate) fn state_record(object: &std::sync::Arc<model::Object>) -> Commit {
    Commit {
        rev: object.meta.revision,
        time: object.meta.created,
        cause: api::Cause::new("", api::Origin::Start),
        kind: WatchKind::Added,
        key: object.key(),
        before: None,
        object: object.clone(),
    }
}

fn note(table: &mut redb::Table<&str, u64>, facts: Facts) -> Result<(), Failure> {
    let named = [
        ("format", FORMAT),
        ("revision", facts.rev),
        ("compacted", facts.compacted),
        ("records", facts.records),
        ("hash", facts.hash),
    ];
    for (name, fact) in named {
        table.insert(name, fact)?;
    }
    Ok(())
}

/// Only a log that is shorter than one append loses commits.
fn lost(rev: u64) -> Failure {
    Failure::Machine(format!("the log in memory no longer has revision {rev}"))
}

fn unopened(path: &Path, error: DatabaseError) -> Failure {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Failure::InUse(path.display().to_string()),
        DatabaseError::Storage(redb::StorageError::Corrupted(why)) => Failure::Damaged(format!("{}: {why}", path.display())),
        DatabaseError::Storage(redb::StorageError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            Failure::Damaged(format!("{}: {error}", path.display()))
        }
        other => Failure::at(path, &other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::{Cause, Change, Expect, Origin, Write};
    use base::{Rng, Time};
    use model::Key;
    use redb::backends::InMemoryBackend;
    use value::obj;

    fn memory(keep: usize) -> (Datastore, Store) {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).expect("memory");
        Datastore::of(database, Path::new("memory"), keep).expect("an empty store")
    }

    fn again(datastore: Datastore, keep: usize) -> Result<(Datastore, Store), Failure> {
        Datastore::of(datastore.database, Path::new("memory"), keep)
    }

    type Harm<'a> = &'a dyn Fn(&mut redb::Table<u64, &[u8]>);

    /// One change at random.
    fn change(store: &mut Store, rng: &mut Rng) {
        let key = Key::new(&"configmaps".into(), "a", format!("m{}", rng.below(9)));
        let object = obj! { "metadata" => obj! { "name" => &key.name, "namespace" => "a" }, "data" => rng.next_u64() as i64 };
        let (expect, change) = match store.now().get(&key).map(|o| o.meta.revision) {
            None => (Expect::Absent, Change::Put(object)),
            Some(rev) if rng.chance(30) => (Expect::Revision(rev), Change::Delete),
            Some(rev) => (Expect::Revision(rev), Change::Put(object)),
        };
        let time = Time::from_secs(store.rev() as i64);
        store.commit(Write { key, expect, change }, Cause::new("test", Origin::Start), time).expect("valid");
    }

    fn same(a: &Store, b: &Store) {
        assert_eq!((a.rev(), a.oldest(), a.hash()), (b.rev(), b.oldest(), b.hash()));
        let all = |store: &Store| store.now().all().cloned().collect::<Vec<_>>();
        assert!(all(a) == all(b));
        let log = |store: &Store| {
            let log = store.since(store.oldest() - 1).expect("kept");
            log.map(|c| (c.rev, c.time, c.kind, c.key.clone(), c.before.clone(), c.object.clone())).collect::<Vec<_>>()
        };
        assert!(log(a) == log(b));
    }

    #[test]
    fn a_store_comes_back_as_it_was() {
        let (mut datastore, mut store) = memory(20);
        let mut rng = Rng::new(1);
        for round in 0..40 {
            let before = store.clone();
            for _ in 0..rng.below(9) {
                change(&mut store, &mut rng);
            }
            datastore.append(&before, &store).expect("room");
            if round % 4 == 0 {
                let (opened, found) = again(datastore, 20).expect("whole");
                same(&found, &store);
                (datastore, store) = (opened, found);
            }
        }
        assert!(datastore.sizes().records <= 20 + 9, "what no longer matters is gone");
        let (datastore, found) = again(datastore, 3).expect("whole");
        store.keep(3);
        same(&found, &store);
        assert!(datastore.sizes().records <= 3 + 9);
        same(&again(datastore, 3).expect("whole").1, &store);
    }

    #[test]
    fn what_is_missing_or_changed_is_told() {
        let broken = |harm: Harm| {
            let (datastore, mut store) = memory(100);
            let (before, mut rng) = (store.clone(), Rng::new(2));
            (0..10).for_each(|_| change(&mut store, &mut rng));
            datastore.append(&before, &store).expect("room");
            let transaction = datastore.database.begin_write().expect("a transaction");
            harm(&mut transaction.open_table(RECORDS).expect("a table"));
            transaction.commit().expect("room");
            again(datastore, 100).err()
        };
        let told = |harm: Harm| match broken(harm) {
            Some(Failure::Damaged(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(broken(&|_| ()), None);
        assert_eq!(told(&|t| drop(t.remove(5).expect("a table"))), "it has 9 of 10 records");
        assert_eq!(told(&|t| drop(t.insert(5, [1].as_slice()).expect("a table"))), "revision 5 is not as written");
        let moved = |t: &mut redb::Table<u64, &[u8]>| {
            let bytes = t.remove(10).expect("a table").expect("a record").value().to_vec();
            t.insert(12, bytes.as_slice()).expect("a table");
        };
        assert_eq!(told(&moved), "revision 12 is not as written");
    }

    #[test]
    fn a_byte_that_changed_on_disk_is_told_or_harmless() {
        let path = std::env::temp_dir().join(format!("tabernetes-datastore-bytes-{}", std::process::id()));
        let (datastore, mut store) = Datastore::open(&path, 100).expect("a new file");
        let (before, mut rng) = (store.clone(), Rng::new(4));
        (0..100).for_each(|_| change(&mut store, &mut rng));
        datastore.append(&before, &store).expect("room");
        drop(datastore);
        let whole = std::fs::read(&path).expect("a file");
        let mut told = 0;
        for _ in 0..60 {
            let mut bytes = whole.clone();
            let at = rng.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << rng.below(8);
            std::fs::write(&path, &bytes).expect("room");
            match Datastore::open(&path, 100) {
                Ok((_, found)) => same(&found, &store),
                Err(_) => told += 1,
            }
        }
        assert!(told > 5, "{told}");
        std::fs::remove_file(&path).expect("a file");
    }

    #[test]
    fn a_file_belongs_to_one_and_garbage_is_refused() {
        let path = std::env::temp_dir().join(format!("tabernetes-datastore-{}", std::process::id()));
        let (datastore, mut store) = Datastore::open(&path, 10).expect("a new file");
        assert!(matches!(Datastore::open(&path, 10).err(), Some(Failure::InUse(_))));
        let (before, mut rng) = (store.clone(), Rng::new(3));
        (0..5).for_each(|_| change(&mut store, &mut rng));
        datastore.append(&before, &store).expect("room");
        drop(datastore);
        same(&Datastore::open(&path, 10).expect("whole").1, &store);
        let bytes = std::fs::read(&path).expect("a file");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("room");
        assert!(Datastore::open(&path, 10).is_err(), "half a file");
        std::fs::write(&path, b"something else entirely").expect("room");
        assert!(Datastore::open(&path, 10).is_err(), "no store at all");
        std::fs::remove_file(&path).expect("a file");
    }
}
