//! Who observes requests: the log and the metrics. A request is over when the last byte of its answer was taken, or when the
//! client went away.

use crate::log::Log;
use crate::metrics::Metrics;
use crate::record::Record;
use crate::service::Body;
use base::Rng;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Bytes, Frame, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// The log and the metrics of a server.
pub struct Observer {
    log: Log,
    pub metrics: Metrics,
    dice: Mutex<Rng>,
}

impl Observer {
    pub fn new(log: Log, seed: u64) -> Observer {
        Observer { log, metrics: Metrics::default(), dice: Mutex::new(Rng::new(seed)) }
    }
    /// A name for a request.
    pub fn name(&self) -> String {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).uuid()
    }
    fn running(&self, record: &Record) -> &AtomicI64 {
        match record.verb {
            _ if record.lasts => &self.metrics.lasting,
            "get" | "list" | "watch" | "head" => &self.metrics.reading,
            _ => &self.metrics.writing,
        }
    }
    /// The answer, which is observed until its end.
    pub fn observe(self: &Arc<Observer>, mut record: Record, response: Response<Body>) -> Response<Body> {
        record.code = response.status().as_u16();
        let id = HeaderValue::from_str(&record.id);
        self.running(&record).fetch_add(1, Ordering::Relaxed);
        let observer = self.clone();
        let mut response = response.map(|body| Observed { body, record, observer }.boxed_unsync());
        if let Ok(id) = id {
            response.headers_mut().insert(HeaderName::from_static("audit-id"), id);
        }
        response
    }
    fn over(&self, record: &Record) {
        self.running(record).fetch_sub(1, Ordering::Relaxed);
        self.metrics.count(record, record.elapsed());
        if !self.log.is_silent() {
            self.log.line(record.line(self.log.format()));
        }
    }
}

/// A body whose end is noticed.
struct Observed {
    body: Body,
    record: Record,
    observer: Arc<Observer>,
}

impl hyper::body::Body for Observed {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.over(&self.record);
    }
}
