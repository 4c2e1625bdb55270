//! A watch as a stream of bytes: first what is there, then each commit that concerns it, from the published log.

use crate::engine::Engine;
use crate::media::{self, Media};
use api::{WatchEvent, WatchKind};
use apiserver::WatchPlan;
use base::Duration;
use futures_util::stream::{self, Stream};
use hyper::body::Bytes;
use std::collections::VecDeque;
use std::time::Duration as Span;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Bookmarks come about this often.
const BOOKMARK: Span = Span::from_secs(60);
/// A watch that asks for no end gets one, so that clients spread over servers.
const LONGEST: Duration = Duration::from_secs(45 * 60);
/// So many bytes go out in one piece.
const PIECE: usize = 64 * 1024;

/// One open watch.
struct Follow {
    plan: Box<WatchPlan>,
    engine: Engine,
    commits: watch::Receiver<u64>,
    ending: watch::Receiver<bool>,
    seen: u64,
    ready: VecDeque<WatchEvent>,
    bookmark_at: Instant,
    ends_at: Instant,
    ended: bool,
    /// The columns of a table are told once.
    told_columns: bool,
    media: Media,
}

/// The lines of a watch.
pub fn follow(engine: &Engine, plan: Box<WatchPlan>, media: Media) -> impl Stream<Item = Bytes> + Send + use<> {
    let ends = plan.timeout.unwrap_or(LONGEST);
    let now = Instant::now();
    let mut follow = Follow {
        commits: engine.commits(),
        ending: engine.ending(),
        engine: engine.clone(),
        seen: plan.from,
        ready: plan.initial.iter().cloned().collect(),
        plan,
        bookmark_at: now + BOOKMARK,
        ends_at: now + Span::from_micros(u64::try_from(ends.as_micros()).unwrap_or(0)),
        ended: false,
        told_columns: false,
        media,
    };
    follow.plan.initial = Vec::new();
    stream::unfold(follow, |mut follow| async move { follow.next().await.map(|piece| (piece, follow)) })
}

impl Follow {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.ready.is_empty() {
                return Some(self.piece());
            }
            if self.ended {
                return None;
            }
            // Marked as seen before it is read: a commit in between wakes again.
            self.commits.borrow_and_update();
            self.take();
            if !self.ready.is_empty() {
                continue;
            }
            tokio::select! {
                changed = self.commits.changed() => if changed.is_err() { return None },
                () = sleep_until(self.bookmark_at) => self.bookmark(),
                () = sleep_until(self.ends_at) => return None,
                _ = self.ending.changed() => return None,
            }
        }
    }
    /// Takes the commits that came.
    fn take(&mut self) {
        let moment = self.engine.moment();
        match moment.store.since(self.seen) {
            Ok(commits) => self.ready.extend(commits.filter_map(|commit| self.plan.event(commit))),
            Err(gone) => {
                self.plan.from = self.seen;
                self.ready.push_back(self.plan.gone(gone.oldest));
                self.ended = true;
            }
        }
        self.seen = self.seen.max(moment.store.rev());
    }
    fn bookmark(&mut self) {
        self.bookmark_at = Instant::now() + BOOKMARK;
        if self.plan.bookmarks {
            self.ready.push_back(self.plan.bookmark(self.seen, false));
        }
    }
    fn piece(&mut self) -> Bytes {
        let mut out = Vec::new();
        while let Some(mut event) = self.ready.pop_front() {
            if event.object["kind"].s() == "Table" && event.kind != WatchKind::Error {
                if self.told_columns {
                    event.object.set(&["columnDefinitions"], value::Value::Null);
                }
                self.told_columns = true;
            }
            out.extend_from_slice(&media::write_event(self.media, &event));
            if out.len() >= PIECE {
                break;
            }
        }
        out.into()
    }
}
