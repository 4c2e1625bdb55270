//! `Files`: what one container sees: its own tree with the pod's volumes mounted into it, as one user.
//! The host owns the trees and lends them for a turn, so a volume that two containers mount is one tree.

use crate::table::Table;
use crate::tree::{CAPACITY, DEPTH, Data, Dir, ENTRIES, Errno, Meta, Node, Tree};
use base::{Text, Time};
use std::sync::Arc;

/// A volume at a path of the container.
#[derive(Clone, Debug)]
pub struct Mount {
    path: Vec<Text>,
    /// The place of the tree in `Files::volumes`.
    pub volume: u32,
    sub_path: Vec<Text>,
    pub read_only: bool,
}

impl Mount {
    pub fn new(path: &str, volume: u32) -> Mount {
        Mount { path: names(path), volume, sub_path: Vec::new(), read_only: false }
    }
    pub fn read_only(self, read_only: bool) -> Mount {
        Mount { read_only, ..self }
    }
    pub fn sub_path(self, path: &str) -> Mount {
        Mount { sub_path: names(path), ..self }
    }
}

/// Who opens files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner<'a> {
    pub uid: u32,
    pub gid: u32,
    pub groups: &'a [u32],
}

/// What `stat` tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stat {
    pub kind: Kind,
    pub meta: Meta,
    pub size: u64,
    /// The target of a link.
    pub target: Option<Text>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    File,
    Dir,
    Link,
    Device,
}

/// The view of one container on its files.
pub struct Files<'a> {
    pub root: &'a mut Tree,
    pub mounts: &'a [Mount],
    pub volumes: &'a mut [Tree],
    /// `readOnlyRootFilesystem`
    pub root_read_only: bool,
}

/// A place that may or may not hold an entry yet: which tree, and the names inside it.
struct Place {
    absolute: Vec<Text>,
    volume: Option<usize>,
    names: Vec<Text>,
    read_only: bool,
    /// Only an ancestor of a mount point.
    virtual_dir: bool,
    mount_point: bool,
}

type Io<T> = Result<T, Errno>;

/// The parts of a path.
pub fn names(path: &str) -> Vec<Text> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".").map(Text::from).collect()
}

/// `path` seen from the directory `cwd`.
pub fn join(cwd: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.into();
    }
    let mut out = String::from(cwd);
    if !out.ends_with('/') {
        out.push('/');
    }
    out + path
}

/// `/a/b` of names.
fn absolute(names: &[Text]) -> String {
    if names.is_empty() {
        return "/".into();
    }
    names.iter().fold(String::new(), |out, name| out + "/" + name)
}

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr", "fd", "console"];

impl<'a> Files<'a> {
    pub const fn new(root: &'a mut Tree, mounts: &'a [Mount], volumes: &'a mut [Tree]) -> Files<'a> {
        Files { root, mounts, volumes, root_read_only: false }
    }

    fn place(&self, absolute: Vec<Text>) -> Place {
        let mount = self
            .mounts
            .iter()
            .filter(|mount| absolute.starts_with(&mount.path) && (mount.volume as usize) < self.volumes.len())
            .max_by_key(|mount| mount.path.len());
        let (volume, names, read_only, mount_point) = match mount {
            Some(mount) => {
                let rest = absolute.iter().skip(mount.path.len());
                let names = mount.sub_path.iter().chain(rest).cloned().collect();
                (Some(mount.volume as usize), names, mount.read_only, mount.path.len() == absolute.len())
            }
            None => (None, absolute.clone(), self.root_read_only, false),
        };
        let virtual_dir = self.has_mounts_below(&absolute);
        Place { absolute, volume, names, read_only, virtual_dir, mount_point }
    }

    fn tree(&self, place: &Place) -> &Tree {
        place.volume.map_or(&*self.root, |at| &self.volumes[at])
    }

    fn tree_mut(&mut self, place: &Place) -> &mut Tree {
        match place.volume {
            Some(at) => &mut self.volumes[at],
            None => self.root,
        }
    }

    fn node(&self, place: &Place) -> Option<&Node> {
        self.tree(place).node(place.names.iter())
    }

    /// Whether a mount point lies below a path.
    fn has_mounts_below(&self, absolute: &[Text]) -> bool {
        self.mounts.iter().any(|mount| mount.path.len() > absolute.len() && mount.path.starts_with(absolute))
    }

    /// The entry at a path that continues one whose entry is known.
    fn step<'b>(&'b self, parent: Option<&'b Node>, absolute: &[Text]) -> Option<&'b Node> {
        let mounted =
            self.mounts.iter().rev().find(|mount| mount.path == absolute && (mount.volume as usize) < self.volumes.len());
        match mounted {
            Some(mount) => self.volumes[mount.volume as usize].node(mount.sub_path.iter()),
            None => parent?.child(absolute.last()?),
        }
    }

    /// The entry at a path without links.
    fn walk(&self, absolute: &[Text]) -> Option<&Node> {
        let mut here = Some(&self.root.root);
        for len in 1..=absolute.len() {
            here = self.step(here, &absolute[..len]);
        }
        here
    }

    /// Follows links and `..`; the last name need not exist.
    fn locate(&self, path: &str, follow: bool) -> Io<Place> {
        if path.len() > 4096 {
            return Err(Errno::NameTooLong);
        }
        if path.is_empty() {
            return Err(Errno::NoEntry);
        }
        let must_be_dir = path.ends_with('/');
        let mut todo: Vec<Text> = names(path);
        todo.reverse();
        let mut absolute: Vec<Text> = Vec::new();
        let mut here = Some(&self.root.root);
        let mut hops = 0;
        while let Some(name) = todo.pop() {
            match here {
                Some(Node::Dir(_)) => {}
                Some(_) => return Err(Errno::NotDirectory),
                None if self.has_mounts_below(&absolute) => {}
                None => return Err(Errno::NoEntry),
            }
            if name == ".." {
                absolute.pop();
                here = self.walk(&absolute);
                continue;
            }
            if name.len() > 255 || absolute.len() >= DEPTH {
                return Err(Errno::NameTooLong);
            }
            absolute.push(name);
            let next = self.step(here, &absolute);
            match next {
                Some(Node::Link(target)) if follow || must_be_dir || !todo.is_empty() => {
                    hops += 1;
                    if hops > 40 || todo.len() > 4096 {
                        return Err(Errno::Loop);
                    }
                    absolute.pop();
                    if target.starts_with('/') {
                        absolute.clear();
                    }
                    here = self.walk(&absolute);
                    todo.extend(names(target).into_iter().rev());
                }
                _ => here = next,
            }
        }
        if must_be_dir && matches!(here, Some(Node::File(_))) {
            return Err(Errno::NotDirectory);
        }
        Ok(self.place(absolute))
    }

    /// The path without links, `.` and `..`.
    pub fn canonical(&self, path: &str) -> Io<String> {
        let place = self.locate(path, true)?;
        if self.node(&place).is_none() && !place.virtual_dir {
            return Err(Errno::NoEntry);
        }
        Ok(absolute(&place.absolute))
    }

    pub fn stat(&self, path: &str) -> Io<Stat> {
        self.stat_place(path, true)
    }
    /// As `stat`, but a link itself.
    pub fn lstat(&self, path: &str) -> Io<Stat> {
        self.stat_place(path, false)
    }
    fn stat_place(&self, path: &str, follow: bool) -> Io<Stat> {
        if let Some(name) = path.strip_prefix("/dev/")
            && DEVICES.contains(&name)
        {
            let meta = Meta { mode: 0o666, ..Meta::file() };
            return Ok(Stat { kind: Kind::Device, meta, size: 0, target: None });
        }
        let place = self.locate(path, follow)?;
        match self.node(&place) {
            Some(node) => Ok(stat_of(node)),
            None if place.virtual_dir || path == "/dev" => {
                Ok(Stat { kind: Kind::Dir, meta: Meta::dir(), size: 4096, target: None })
            }
            None => Err(Errno::NoEntry),
        }
    }
    pub fn is_dir(&self, path: &str) -> bool {
        self.stat(path).is_ok_and(|stat| stat.kind == Kind::Dir)
    }

    /// The names in a directory with what they are, in order of names.
    pub fn list(&self, path: &str) -> Io<Vec<(Text, Stat)>> {
        let place = self.locate(path, true)?;
        let mut out = Table::new();
        match self.node(&place) {
            Some(Node::Dir(dir)) => {
                for (name, node) in &dir.entries {
                    out.insert(name.clone(), stat_of(node));
                }
            }
            Some(_) => return Err(Errno::NotDirectory),
            None if place.virtual_dir || path == "/dev" => {}
            None => return Err(Errno::NoEntry),
        }
        if place.absolute.len() == 1 && place.absolute[0] == "dev" {
            for name in DEVICES {
                out.insert(Text::from(*name), self.stat(&join("/dev", name))?);
            }
        }
        for mount in self.mounts {
            if mount.path.len() > place.absolute.len() && mount.path.starts_with(&place.absolute) {
                let here = self.place(mount.path[..=place.absolute.len()].to_vec());
                let stat = match self.node(&here) {
                    Some(node) => stat_of(node),
                    None => Stat { kind: Kind::Dir, meta: Meta::dir(), size: 4096, target: None },
                };
                out.insert(mount.path[place.absolute.len()].clone(), stat);
            }
        }
        Ok(out.as_slice().to_vec())
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str, who: Owner) -> Io<Data> {
        let place = self.locate(path, true)?;
        match self.node(&place) {
            Some(Node::File(file)) if !allowed(file.meta, who, 4) => Err(Errno::Access),
            Some(Node::File(file)) => Ok(file.data.clone()),
            Some(Node::Dir(_)) => Err(Errno::IsDirectory),
            Some(Node::Link(_)) => Err(Errno::Loop),
            None if place.virtual_dir => Err(Errno::IsDirectory),
            None => Err(Errno::NoEntry),
        }
    }

    /// Opens a file for writing: makes it if it is not there, empties it if `truncate`. Answers its path without links.
    pub fn open_write(&mut self, path: &str, truncate: Truncate, who: Owner, now: Time) -> Io<String> {
        let place = self.locate(path, true)?;
        let out = absolute(&place.absolute);
        match self.node(&place) {
            Some(Node::Dir(_)) => return Err(Errno::IsDirectory),
            Some(_) if place.read_only => return Err(Errno::ReadOnly),
            Some(node) if !allowed(node.meta(), who, 2) => return Err(Errno::Access),
            Some(Node::File(_)) => {
                if truncate == Truncate::Yes {
                    self.change(&place, |data| data.clear(), now)?;
                }
                return Ok(out);
            }
            Some(Node::Link(_)) => return Err(Errno::Loop),
            None if place.virtual_dir => return Err(Errno::IsDirectory),
            None => {}
        }
        let meta = Meta { mode: 0o644, uid: who.uid, gid: who.gid, mtime: now };
        self.insert(&place, Node::file(Vec::new(), meta), who, now)?;
        Ok(out)
    }

    /// Adds bytes at the end of an open file; bytes for a file that was removed meanwhile are lost, as on Linux.
    pub fn append(&mut self, path: &str, bytes: &[u8], now: Time) -> Io<()> {
        let Ok(place) = self.locate(path, true) else { return Ok(()) };
        if self.tree(&place).used + bytes.len() as u64 > CAPACITY {
            return Err(Errno::NoSpace);
        }
        self.change(&place, |data| data.extend_from_slice(bytes), now)
    }

    /// Replaces the contents of a file.
    pub fn write(&mut self, path: &str, bytes: &[u8], who: Owner, now: Time) -> Io<()> {
        let path = self.open_write(path, Truncate::Yes, who, now)?;
        self.append(&path, bytes, now)
    }

    fn change(&mut self, place: &Place, how: impl FnOnce(&mut Vec<u8>), now: Time) -> Io<()> {
        let tree = self.tree_mut(place);
        let Some(Node::File(file)) = tree.node_mut(&place.names) else { return Ok(()) };
        let file = Arc::make_mut(file);
        let before = file.data.bytes().len() as u64;
        how(file.data.to_mut());
        file.meta.mtime = now;
        let after = file.data.bytes().len() as u64;
        tree.used = (tree.used + after).saturating_sub(before);
        Ok(())
    }

    /// The directory that holds a place, if the owner may write there.
    fn parent(&mut self, place: &Place, who: Owner) -> Io<&mut Dir> {
        let Some((_, parent)) = place.absolute.split_last().map(|(last, rest)| (last, rest.to_vec())) else {
            return Err(Errno::Exists);
        };
        let parent = self.place(parent);
        if place.mount_point {
            return Err(Errno::Exists);
        }
        match self.node(&parent) {
            Some(Node::Dir(_)) if parent.read_only => return Err(Errno::ReadOnly),
            Some(Node::Dir(dir)) if !allowed(dir.meta, who, 2) => return Err(Errno::Access),
            Some(Node::Dir(_)) => {}
            Some(_) => return Err(Errno::NotDirectory),
            None if parent.read_only => return Err(Errno::ReadOnly),
            None if parent.virtual_dir => {
                let path = absolute(&parent.names);
                self.tree_mut(&parent).put(&path, Node::empty_dir(Meta::dir()));
            }
            None => return Err(Errno::NoEntry),
        }
        match self.tree_mut(&parent).node_mut(&parent.names) {
            Some(Node::Dir(dir)) => Ok(Arc::make_mut(dir)),
            _ => Err(Errno::NoEntry),
        }
    }

    fn insert(&mut self, place: &Place, mut node: Node, who: Owner, now: Time) -> Io<()> {
        let weight = node.weight();
        if self.tree(place).used + weight > CAPACITY {
            return Err(Errno::NoSpace);
        }
        if place.absolute.len() + node.height() > DEPTH {
            return Err(Errno::NameTooLong);
        }
        let Some(name) = place.absolute.last().cloned() else { return Err(Errno::Exists) };
        let parent = self.parent(place, who)?;
        if parent.entries.len() >= ENTRIES {
            return Err(Errno::NoSpace);
        }
        parent.meta.mtime = now;
        let (sticky_group, gid) = (parent.meta.mode & 0o2000 != 0, parent.meta.gid);
        if sticky_group && let Some(meta) = node.meta_mut() {
            meta.gid = gid;
        }
        let old = parent.entries.insert(name, node).map_or(0, |old| old.weight());
        let tree = self.tree_mut(place);
        tree.used = (tree.used + weight).saturating_sub(old);
        Ok(())
    }

    fn take(&mut self, place: &Place, who: Owner, now: Time) -> Io<Node> {
        if self.node(place).is_none() && !place.virtual_dir {
            return Err(Errno::NoEntry);
        }
        if place.mount_point || place.virtual_dir {
            return Err(Errno::NotPermitted);
        }
        let Some(name) = place.absolute.last().cloned() else { return Err(Errno::NotPermitted) };
        let parent = self.parent(place, who)?;
        let sticky = parent.meta.mode & 0o1000 != 0 && who.uid != 0 && parent.meta.uid != who.uid;
        if sticky && parent.entries.get(&name).is_some_and(|node| node.meta().uid != who.uid) {
            return Err(Errno::NotPermitted);
        }
        parent.meta.mtime = now;
        let node = parent.entries.remove(&name).ok_or(Errno::NoEntry)?;
        let tree = self.tree_mut(place);
        tree.used = tree.used.saturating_sub(node.weight());
        Ok(node)
    }

    pub fn make_dir(&mut self, path: &str, who: Owner, now: Time) -> Io<()> {
        let place = self.locate(path.trim_end_matches('/'), false)?;
        if self.node(&place).is_some() || place.virtual_dir {
            return Err(Errno::Exists);
        }
        let meta = Meta { mode: 0o755, uid: who.uid, gid: who.gid, mtime: now };
        self.insert(&place, Node::empty_dir(meta), who, now)
    }
    pub fn make_link(&mut self, target: &str, path: &str, who: Owner, now: Time) -> Io<()> {
        let place = self.locate(path, false)?;
        if self.node(&place).is_some() {
            return Err(Errno::Exists);
        }
        self.insert(&place, Node::Link(Text::from(target)), who, now)
    }
    pub fn remove_file(&mut self, path: &str, who: Owner, now: Time) -> Io<()> {
        let place = self.locate(path, false)?;
        if self.node(&place).is_some_and(Node::is_dir) {
            return Err(Errno::IsDirectory);
        }
        self.take(&place, who, now).map(drop)
    }
    pub fn remove_dir(&mut self, path: &str, who: Owner, now: Time) -> Io<()> {
        let place = self.locate(path, false)?;
        match self.node(&place) {
            Some(Node::Dir(dir)) if !dir.entries.is_empty() => return Err(Errno::NotEmpty),
            Some(Node::Dir(_)) | None => {}
            Some(_) => return Err(Errno::NotDirectory),
        }
        self.take(&place, who, now).map(drop)
    }
    /// Removes an entry and all below it.
    pub fn remove_all(&mut self, path: &str, who: Owner, now: Time) -> Io<()> {
        let place = self.locate(path, false)?;
        self.take(&place, who, now).map(drop)
    }
    /// Moves an entry to a path that is no directory.
    pub fn rename(&mut self, from: &str, to: &str, who: Owner, now: Time) -> Io<()> {
        let (from, to) = (self.locate(from, false)?, self.locate(to, false)?);
        if to.absolute.starts_with(&from.absolute) {
            return if to.absolute.len() == from.absolute.len() { Ok(()) } else { Err(Errno::Invalid) };
        }
        if self.node(&from).is_some_and(|node| to.absolute.len() + node.height() > DEPTH) {
            return Err(Errno::NameTooLong);
        }
        if to.read_only {
            return Err(Errno::ReadOnly);
        }
        self.parent(&to, who)?;
        let node = self.take(&from, who, now)?;
        self.insert(&to, node, who, now)
    }
    /// Copies an entry with all below it.
    pub fn copy(&mut self, from: &str, to: &str, who: Owner, now: Time) -> Io<()> {
        let (from, to) = (self.locate(from, true)?, self.locate(to, true)?);
        if from.absolute == to.absolute {
            return Err(Errno::Invalid);
        }
        let mut node = self.node(&from).cloned().ok_or(Errno::NoEntry)?;
        if let Some(meta) = node.meta_mut() {
            *meta = Meta { uid: who.uid, gid: who.gid, mtime: now, ..*meta };
        }
        self.insert(&to, node, who, now)
    }
    /// Changes mode, owner or time of an entry.
    pub fn set_meta(&mut self, path: &str, who: Owner, change: &mut dyn FnMut(&mut Meta)) -> Io<()> {
        let place = self.locate(path, true)?;
        let Some(node) = self.node(&place) else { return Err(Errno::NoEntry) };
        if place.read_only {
            return Err(Errno::ReadOnly);
        }
        if who.uid != 0 && node.meta().uid != who.uid {
            return Err(Errno::NotPermitted);
        }
        if let Some(meta) = self.tree_mut(&place).node_mut(&place.names).and_then(Node::meta_mut) {
            change(meta);
        }
        Ok(())
    }
    /// Whether the owner may read (4), write (2) or execute (1) what is at the path.
    pub fn access(&self, path: &str, who: Owner, bit: u16) -> bool {
        let Ok(place) = self.locate(path, true) else { return false };
        match self.node(&place) {
            Some(_) if bit == 2 && place.read_only => false,
            Some(node) if bit == 1 && !node.is_dir() => node.meta().mode & 0o111 != 0 && allowed(node.meta(), who, 1),
            Some(node) => allowed(node.meta(), who, bit),
            None => place.virtual_dir || self.stat(path).is_ok(),
        }
    }
}

/// Whether opening empties the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truncate {
    Yes,
    No,
}

fn stat_of(node: &Node) -> Stat {
    let (kind, target) = match node {
        Node::Dir(_) => (Kind::Dir, None),
        Node::File(_) => (Kind::File, None),
        Node::Link(target) => (Kind::Link, Some(target.clone())),
    };
    Stat { kind, meta: node.meta(), size: node.size(), target }
}

fn allowed(meta: Meta, who: Owner, bit: u16) -> bool {
    if who.uid == 0 {
        return true;
    }
    let shift = if meta.uid == who.uid {
        6
    } else if meta.gid == who.gid || who.groups.contains(&meta.gid) {
        3
    } else {
        0
    };
    (meta.mode >> shift) & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Owner = Owner { uid: 0, gid: 0, groups: &[] };
    const USER: Owner = Owner { uid: 1000, gid: 1000, groups: &[2000] };

    fn with<T>(test: impl FnOnce(&mut Files) -> T) -> T {
        let mut root = Tree::new();
        root.put_file("/etc/hosts", "127.0.0.1 localhost\n");
        root.put_dir("/tmp", 0o1777);
        let mut config = Tree::new();
        config.put_file("/..now/mode", "prod");
        config.put_link("/..data", "..now");
        config.put_link("/mode", "..data/mode");
        let mut volumes = [config, Tree::new(), Tree::of_file("one")];
        let mounts = [
            Mount::new("/etc/app", 0).read_only(true),
            Mount::new("/data", 1),
            Mount::new("/etc/one", 2),
            Mount::new("/deep/er/data", 1).sub_path("sub"),
        ];
        test(&mut Files::new(&mut root, &mounts, &mut volumes))
    }

    fn text(files: &Files, path: &str) -> String {
        files.read(path, ROOT).map_or_else(|e| e.words().into(), |d| String::from_utf8_lossy(d.bytes()).into())
    }

    #[test]
    fn reads_through_mounts_and_links() {
        with(|files| {
            for (path, want) in [
                ("/etc/hosts", "127.0.0.1 localhost\n"),
                ("/etc/app/mode", "prod"),
                ("/etc/app/../one", "one"),
                ("/etc/none", "No such file or directory"),
                ("/etc", "Is a directory"),
                ("/etc/hosts/x", "Not a directory"),
                ("", "No such file or directory"),
            ] {
                assert_eq!(text(files, path), want, "{path}");
            }
            let names = |path: &str| files.list(path).unwrap().into_iter().map(|(n, _)| n).collect::<Vec<_>>().join(" ");
            assert_eq!(names("/"), "data deep etc tmp");
            assert_eq!(names("/etc"), "app hosts one");
            assert_eq!(names("/deep"), "er");
            assert_eq!(files.canonical("/etc/app/mode").unwrap(), "/etc/app/..now/mode");
        });
    }

    #[test]
    fn writes_and_refuses() {
        let now = Time::from_secs(9);
        with(|files| {
            files.write("/tmp/a", b"x", ROOT, now).unwrap();
            files.append("/tmp/a", b"y", now).unwrap();
            assert_eq!(text(files, "/tmp/a"), "xy");
            assert_eq!(files.write("/etc/app/new", b"", ROOT, now), Err(Errno::ReadOnly));
            assert_eq!(files.write("/etc/app/mode", b"", ROOT, now), Err(Errno::ReadOnly));
            assert_eq!(files.write("/etc/new", b"", USER, now), Err(Errno::Access));
            assert_eq!(files.write("/etc/hosts", b"", USER, now), Err(Errno::Access));
            assert_eq!(files.write("/tmp/mine", b"", USER, now), Ok(()));
            assert_eq!(files.remove_file("/tmp/a", USER, now), Err(Errno::NotPermitted));
            assert_eq!(files.write("/data/x", b"1", ROOT, now), Ok(()));
            assert_eq!(files.rename("/data/x", "/tmp/x", ROOT, now), Ok(()));
            assert_eq!(text(files, "/tmp/x"), "1");
            assert_eq!(files.make_dir("/tmp/d", ROOT, now), Ok(()));
            assert_eq!(files.rename("/tmp/d", "/tmp/d/e", ROOT, now), Err(Errno::Invalid));
            assert_eq!(files.remove_all("/data", ROOT, now), Err(Errno::NotPermitted));
            assert_eq!(files.make_link("/tmp/l2", "/tmp/l1", ROOT, now), Ok(()));
            assert_eq!(files.make_link("/tmp/l1", "/tmp/l2", ROOT, now), Ok(()));
            assert_eq!(text(files, "/tmp/l1"), "Too many levels of symbolic links");
        });
    }

    #[test]
    fn is_bounded() {
        let now = Time::EPOCH;
        with(|files| {
            let big = vec![0; CAPACITY as usize + 1];
            assert_eq!(files.write("/tmp/big", &big, ROOT, now), Err(Errno::NoSpace));
            let mut path = String::from("/tmp");
            let deepest = (0..200).find_map(|_| {
                path += "/d";
                files.make_dir(&path, ROOT, now).err()
            });
            assert_eq!(deepest, Some(Errno::NameTooLong));
        });
    }
}
