//! What `/metrics` tells, in the names that kube-apiserver gives: requests and their latencies, and the sizes of the store.
//! Models k8s.io/apiserver/pkg/endpoints/metrics.

use crate::engine::Engine;
use crate::record::Record;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The upper bounds of latencies, in seconds.
const BOUNDS: [f64; 22] =
    [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0];
/// Clients choose what they ask for; beyond so many different things requests are counted together.
const SERIES: usize = 2000;

/// Counts of everything that was answered.
#[derive(Default)]
pub struct Metrics {
    series: Mutex<BTreeMap<Labels, Series>>,
    pub reading: AtomicI64,
    pub writing: AtomicI64,
    pub lasting: AtomicI64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Labels {
    verb: String,
    dry_run: bool,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: &'static str,
}

#[derive(Clone, Default)]
struct Series {
    codes: BTreeMap<u16, u64>,
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Labels {
    fn of(record: &Record) -> Labels {
        let about = &record.about;
        let one = !about.name.is_empty() || record.verb == "create";
        let scope = match (about.resource.is_empty(), !one, about.namespace.is_empty()) {
            (true, _, _) => "",
            (false, false, _) => "resource",
            (false, true, false) => "namespace",
            (false, true, true) => "cluster",
        };
        // What is not there is no resource.
        let known = record.code != 404 || one;
        let text = |text: &String| if known { text.clone() } else { String::new() };
        Labels {
            verb: verb(record.verb).into(),
            dry_run: about.dry_run,
            group: text(&about.group),
            version: text(&about.version),
            resource: text(&about.resource),
            subresource: text(&about.subresource),
            scope: if known { scope } else { "" },
        }
    }
    fn text(&self) -> String {
        let dry_run = if self.dry_run { "All" } else { "" };
        let mut out = format!("component=\"apiserver\",dry_run=\"{dry_run}\"");
        for (name, text) in [
            ("group", self.group.as_str()),
            ("resource", &self.resource),
            ("scope", self.scope),
            ("subresource", &self.subresource),
            ("verb", &self.verb),
            ("version", &self.version),
        ] {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            // Formatting into a text does not fail.
            let _ = write!(out, ",{name}=\"{quoted}\"");
        }
        out
    }
}

/// Metrics have the method where rights have a word.
fn verb(word: &str) -> &'static str {
    match word {
        "get" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" | "post" => "POST",
        "update" | "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        "connect" => "CONNECT",
        _ => "other",
    }
}

impl Metrics {
    /// Counts a request that is answered.
    pub fn count(&self, record: &Record, took: Duration) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let mut labels = Labels::of(record);
        if series.len() >= SERIES && !series.contains_key(&labels) {
            labels = Labels { verb: labels.verb, ..Labels::default() };
        }
        let one = series.entry(labels).or_default();
        *one.codes.entry(record.code).or_default() += 1;
        let seconds = took.as_secs_f64();
        (one.count, one.sum) = (one.count + 1, one.sum + seconds);
        if let Some(at) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            one.buckets[at] += 1;
        }
    }
    /// The page.
    pub fn page(&self, engine: &Engine) -> String {
        let mut page = Page::default();
        self.requests(&mut page);
        store(engine, &mut page);
        process(&mut page);
        page.0
    }
    fn requests(&self, page: &mut Page) {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        page.head("apiserver_request_total", "counter", "Requests by verb, resource and HTTP response code.");
        for (labels, one) in &series {
            for (code, count) in &one.codes {
                page.line("apiserver_request_total", &format!("code=\"{code}\",{}", labels.text()), *count as f64);
            }
        }
        let name = "apiserver_request_duration_seconds";
        page.head(name, "histogram", "Response latency by verb and resource, watches included, as long as they last.");
        for (labels, one) in &series {
            let (text, mut sum) = (labels.text(), 0);
            for (bound, count) in BOUNDS.iter().zip(one.buckets) {
                sum += count;
                page.line(&format!("{name}_bucket"), &format!("{text},le=\"{bound}\""), sum as f64);
            }
            page.line(&format!("{name}_bucket"), &format!("{text},le=\"+Inf\""), one.count as f64);
            page.line(&format!("{name}_sum"), &text, one.sum);
            page.line(&format!("{name}_count"), &text, one.count as f64);
        }
        let now = |number: &AtomicI64| number.load(Ordering::Relaxed) as f64;
        page.head("apiserver_current_inflight_requests", "gauge", "Requests that are worked on.");
        page.line("apiserver_current_inflight_requests", "request_kind=\"mutating\"", now(&self.writing));
        page.line("apiserver_current_inflight_requests", "request_kind=\"readOnly\"", now(&self.reading));
        page.head("apiserver_longrunning_requests", "gauge", "Watches and streams that are open.");
        page.line("apiserver_longrunning_requests", "component=\"apiserver\"", now(&self.lasting));
    }
}

fn store(engine: &Engine, page: &mut Page) {
    let moment = engine.moment();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for object in moment.store.now().all() {
        *counts.entry(object.resource.as_str()).or_default() += 1;
    }
    page.head("apiserver_resource_objects", "gauge", "Stored objects by resource.");
    for (resource, count) in counts {
        let (plural, group) = model::resource::split(resource);
        page.line("apiserver_resource_objects", &format!("group=\"{group}\",resource=\"{plural}\""), count as f64);
    }
    let writes = engine.progress().seen();
    page.one("apiserver_storage_size_bytes", "gauge", "Size of the store's file.", writes.sizes.bytes as f64);
    page.one("tabernetes_store_records", "gauge", "Objects and commits in it.", writes.sizes.records as f64);
    page.one("tabernetes_store_revision", "gauge", "The newest revision.", moment.store.rev() as f64);
    page.one(
        "tabernetes_store_oldest_revision",
        "gauge",
        "The oldest revision a watch can begin at.",
        moment.store.oldest() as f64,
    );
    page.one("tabernetes_store_writes_total", "counter", "Transactions that were made durable.", writes.count as f64);
    page.one("tabernetes_store_commits_total", "counter", "Commits in them.", writes.commits as f64);
    page.one("tabernetes_store_write_seconds_total", "counter", "Time spent on them.", writes.time.as_secs_f64());
    page.one("tabernetes_store_failures_total", "counter", "Transactions that the disk refused.", writes.failures as f64);
}

/// What Linux knows of this process.
fn process(page: &mut Page) {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return };
    // The second field may have spaces, and ends with the last bracket. Times are in hundredths of a second, memory in pages.
    let fields: Vec<f64> = stat.rsplit(')').next().unwrap_or_default().split(' ').map(|f| f.parse().unwrap_or(0.0)).collect();
    let field = |number: usize| fields.get(number - 2).copied().unwrap_or(0.0);
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    page.one("process_cpu_seconds_total", "counter", "CPU time.", (field(14) + field(15)) / 100.0);
    page.one("process_resident_memory_bytes", "gauge", "Resident memory.", field(24) * 4096.0);
    page.one("process_virtual_memory_bytes", "gauge", "Virtual memory.", field(23));
    page.one("process_open_fds", "gauge", "Open file descriptors.", open as f64);
}

/// Prometheus' text format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.0 += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }
    fn line(&mut self, name: &str, labels: &str, number: f64) {
        self.0 += &if labels.is_empty() { format!("{name} {number}\n") } else { format!("{name}{{{labels}}} {number}\n") };
    }
    fn one(&mut self, name: &str, kind: &str, help: &str, number: f64) {
        self.head(name, kind, help);
        self.line(name, "", number);
    }
}
