//! `tabernetes server` under a load of creates, updates and deletes, killed with SIGKILL at random moments: nothing that was
//! answered may be missing, and watches tell the same story whenever they are asked.
//!
//! `TABERNETES_KILLS=200` kills more often, `TABERNETES_SEED` at other moments.

mod client;
mod history;
mod server;
mod watcher;
mod worker;

use base::Rng;
use client::Client;
use history::{History, Seen};
use server::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Clients that write at the same time.
const WORKERS: u64 = 8;
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn nothing_that_was_answered_is_lost() {
    let (kills, seed) = (number("TABERNETES_KILLS", 20), number("TABERNETES_SEED", 1));
    let mut rng = Rng::new(seed);
    let mut server = Server::start();
    server.wait();
    let first = server.list().rev;
    let over = Arc::new(AtomicBool::new(false));
    let history = Arc::new(History::default());
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (address, over, history, dice) = (server.address, over.clone(), history.clone(), rng.fork(&format!("{number}")));
            std::thread::spawn(move || worker::work(number, (Client::new(address), dice), &history, &over))
        })
        .collect();
    let watcher = {
        let (address, over) = (server.address, over.clone());
        std::thread::spawn(move || watcher::follow(address, first, &|| over.load(Ordering::Acquire)))
    };
    for kill in 0..kills {
        // Some come while the server is still starting.
        if !rng.chance(20) {
            server.wait();
        }
        std::thread::sleep(Duration::from_millis(rng.below(300)));
        server.kill();
        let answered = history.newest();
        server.again();
        if kill % 4 == 0 {
            server.wait();
            let rev = server.list().rev;
            assert!(rev >= answered, "kill {kill}: the server is at revision {rev}, revision {answered} was answered");
        }
    }
    server.wait();
    std::thread::sleep(Duration::from_millis(200));
    over.store(true, Ordering::Release);
    workers.into_iter().for_each(|worker| worker.join().expect("a worker that ends well"));

    let end = server.list();
    let watched: Vec<Seen> = watcher.join().expect("a watcher that ends well").into_iter().filter(|e| e.rev <= end.rev).collect();
    let replayed = watcher::replay(server.address, first, end.rev);
    assert_eq!(watched.len(), replayed.len());
    assert!(watched == replayed, "a watch over all restarts and one from the beginning tell the same");
    let findings = history.check(&watched, &end.objects);
    assert!(findings.is_empty(), "seed {seed}:\n{}", findings.join("\n"));
    println!("{kills} kills, {} operations, {} events, seed {seed}", history.len(), watched.len());
    assert!(watched.len() as u64 > kills, "there was a load");
}

#[test]
fn a_server_drains_and_ends_well() {
    let mut server = Server::start();
    server.wait();
    let mut client = Client::new(server.address);
    let body = worker::map("drained", "x").to_json();
    let made = client.send("POST", MAPS, &body).expect("an answer");
    assert_eq!(made.code, 201);
    let watching = watcher::open(server.address, 0);
    server.terminate();
    assert_eq!(server.ended(), Some(0), "SIGTERM is an orderly end");
    drop(watching);
    server.again();
    server.wait();
    let end = server.list();
    assert_eq!(end.objects.get("drained").map(|(rev, _)| *rev), Some(made.revision()));
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let mut server = Server::start_small();
    server.wait();
    let mut client = Client::new(server.address);
    let mut fill = |name: &str| {
        let mut map = worker::map(name, name);
        map.set(&["data", "ballast"], "x".repeat(200_000));
        client.send("POST", MAPS, &map.to_json()).expect("an answer")
    };
    let answers: Vec<_> = (0..20).map(|n| fill(&format!("m{n}"))).collect();
    let last = answers.last().expect("twenty");
    assert_eq!((last.code, last.body["reason"].s()), (500, "InternalError"));
    assert!(last.body["message"].s().contains("the write could not be stored"), "{}", last.body["message"].s());
    let made = answers.iter().filter(|answer| answer.code == 201).count();
    assert!(made > 0);
    assert_eq!(server.list().objects.len(), made, "what was refused is not seen");
    server.kill();
    server.again();
    server.wait();
    assert_eq!(server.list().objects.len(), made, "what was answered is there");
    let more = Client::new(server.address).send("POST", MAPS, &worker::map("more", "more").to_json());
    assert_eq!(more.map(|answer| answer.code).ok(), Some(201));
}

#[test]
fn a_backup_of_a_running_server_is_restored() {
    let mut server = Server::start();
    server.wait();
    let mut client = Client::new(server.address);
    let mut make = |name: &str| client.send("POST", MAPS, &worker::map(name, name).to_json()).expect("an answer").revision();
    let before = make("before");
    let file = server.backup();
    let after = make("after");
    server.kill();
    server.restore(&file);
    server.again();
    server.wait();
    let list = server.list();
    assert_eq!(list.objects.into_iter().collect::<Vec<_>>(), [("before".into(), (before, "before".into()))]);
    assert!(list.rev > after, "revisions do not come twice");
    let late = watcher::first(server.address, after);
    assert!(late.contains("\"type\":\"ERROR\"") && late.contains("\"code\":410"), "who saw more begins anew: {late}");
}
