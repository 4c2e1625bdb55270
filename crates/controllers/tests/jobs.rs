//! Properties of Jobs: every pod's end is counted once, whatever crashes between; and never too many run.

mod plant;

use base::Duration;
use model::Condition;
use model::resource::{JOBS, PODS};
use plant::Plant;
use value::{Value, list, obj};

fn job(edit: impl FnOnce(&mut Value)) -> Value {
    let mut job = obj! {
        "apiVersion" => "batch/v1", "kind" => "Job", "metadata" => obj! { "name" => "work", "namespace" => "default" },
        "spec" => obj! {
            "completions" => 5, "parallelism" => 2, "backoffLimit" => 6, "completionMode" => "NonIndexed",
            "podReplacementPolicy" => "TerminatingOrFailed",
            "selector" => obj! { "matchLabels" => obj! { "job" => "work" } },
            "template" => obj! {
                "metadata" => obj! { "labels" => obj! { "job" => "work" } },
                "spec" => obj! { "restartPolicy" => "Never", "containers" => list![obj! { "name" => "main", "image" => "busybox" }] },
            },
        },
    };
    edit(job.at_mut(&["spec"]));
    job
}

fn reasons(plant: &Plant) -> Vec<String> {
    let conditions = plant.get(&JOBS, "work").status()["conditions"].items();
    conditions.iter().map(|c| format!("{} {}", c["type"].s(), c["reason"].s())).collect()
}

fn number(plant: &Plant, field: &str) -> i64 {
    plant.get(&JOBS, "work").status()[field].as_i64().unwrap_or(0)
}

#[test]
fn ends_are_counted_once() {
    for seed in 0..40 {
        let mut plant = Plant::new(seed);
        (plant.crashes, plant.failures) = (if seed % 2 == 0 { 30 } else { 0 }, 10);
        let indexed = seed % 3 == 0;
        plant.create(
            &JOBS,
            job(|spec| {
                spec.set(&["backoffLimit"], 1000);
                if indexed {
                    spec.set(&["completionMode"], "Indexed");
                }
            }),
        );
        loop {
            let more = plant.step();
            let active = plant.list(&PODS).iter().filter(|p| p.pod().is_active()).count();
            assert!(active <= 2, "seed {seed}: {active} active");
            if !more {
                break;
            }
        }
        let failed = plant.list(&PODS).iter().filter(|p| p.pod().phase() == "Failed").count() as i64;
        assert_eq!((number(&plant, "succeeded"), number(&plant, "failed")), (5, failed), "seed {seed}");
        assert_eq!(reasons(&plant), ["SuccessCriteriaMet CompletionsReached", "Complete CompletionsReached"], "seed {seed}");
        assert!(plant.list(&PODS).iter().all(|p| p.meta.finalizers.is_empty()), "nothing stays tracked");
        if indexed {
            assert_eq!(plant.get(&JOBS, "work").status()["completedIndexes"].s(), "0-4");
        }
        assert_eq!(plant.notes.iter().filter(|n| n.reason == "Completed").count(), 1);
    }
}

#[test]
fn too_many_failures_end_it() {
    let mut plant = Plant::new(3);
    plant.failures = 100;
    plant.create(&JOBS, job(|spec| spec.set(&["backoffLimit"], 1)));
    plant.settle();
    assert_eq!(reasons(&plant), ["FailureTarget BackoffLimitExceeded", "Failed BackoffLimitExceeded"]);
    assert!(number(&plant, "failed") >= 2);
}

#[test]
fn suspension_takes_the_pods_away_without_counting_them() {
    let mut plant = Plant::new(4);
    plant.broken = Some("");
    plant.create(&JOBS, job(|_| {}));
    plant.settle();
    assert_eq!(number(&plant, "active"), 2);
    plant.edit(&JOBS, "work", |job| job.set(&["spec", "suspend"], true));
    plant.settle();
    assert_eq!((number(&plant, "active"), number(&plant, "failed"), plant.list(&PODS).len()), (0, 0, 0));
    assert!(Condition::is_true(plant.get(&JOBS, "work").status(), "Suspended"));
    plant.broken = None;
    plant.edit(&JOBS, "work", |job| job.set(&["spec", "suspend"], false));
    plant.settle();
    assert_eq!(number(&plant, "succeeded"), 5);
}

#[test]
fn deadline_and_time_to_live() {
    let mut plant = Plant::new(5);
    plant.broken = Some("");
    plant.create(
        &JOBS,
        job(|spec| {
            spec.set(&["activeDeadlineSeconds"], 20);
            spec.set(&["ttlSecondsAfterFinished"], 100);
        }),
    );
    plant.pass(Duration::from_secs(30));
    assert_eq!(reasons(&plant), ["FailureTarget DeadlineExceeded", "Failed DeadlineExceeded"]);
    assert_eq!(number(&plant, "failed"), 2);
    plant.pass(Duration::from_secs(100));
    assert!(plant.list(&JOBS).is_empty() && plant.list(&PODS).is_empty());
}
