//! Missing and present ConfigMaps and Secrets, environment, volumes, hosts and resolver.

use super::*;
use crate::runtime::{FileBytes, MountSource, VolumeSource};
use value::list;

fn settings(world: &mut World, key: &str, value: &str) -> Key {
    let data = Value::Map([(text(key), Value::str(value))].into_iter().collect());
    let map = obj! { "metadata" => obj! { "name" => "settings", "namespace" => "ns" }, "data" => data };
    world.put(&resource::CONFIG_MAPS, map)
}

fn env(world: &World, name: &str) -> Option<String> {
    let config = world.configs.values().next()?;
    config.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.to_string())
}

#[test]
fn a_missing_configuration_heals() {
    let from_map = r#"{"containers":[{"name":"app","image":"busybox","command":["sleep"],
        "env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"settings","key":"mode"}}}]}]}"#;
    let mut world = World::new();
    let key = world.pod(from_map);
    world.run(2);
    let waiting = world.container(&key)["state"]["waiting"].clone();
    assert_eq!(
        (waiting["reason"].s(), waiting["message"].s()),
        ("CreateContainerConfigError", "configmap \"settings\" not found")
    );
    assert!(world.notes.iter().any(|n| n == "Warning Failed spec.containers{app}: Error: configmap \"settings\" not found"));
    settings(&mut world, "other", "x");
    // The next try finds another error; the one after it shows what the one before found.
    world.run(31);
    let waiting = world.container(&key)["state"]["waiting"].clone();
    assert_eq!(waiting["message"].s(), "couldn't find key mode in ConfigMap ns/settings");
    settings(&mut world, "mode", "dev");
    world.run(16);
    assert_eq!(env(&world, "A").as_deref(), Some("dev"));
    assert_eq!(world.status(&key)["phase"].s(), "Running");
}

#[test]
fn a_missing_volume_waits_without_a_sandbox() {
    let mut world = World::new();
    let key = world.pod(
        r#"{"volumes":[{"name":"v","configMap":{"name":"settings"}}],"containers":[{"name":"app","image":"busybox","command":["sleep"],
        "volumeMounts":[{"name":"v","mountPath":"/v"}]}]}"#,
    );
    world.run(3);
    assert!(
        world
            .notes
            .iter()
            .any(|n| n == "Warning FailedMount : MountVolume.SetUp failed for volume \"v\" : configmap \"settings\" not found")
    );
    assert_eq!(world.conditions(&key)[0], "PodReadyToStartContainers=False");
    assert_eq!(world.container(&key)["state"].to_json(), r#"{"waiting":{"reason":"ContainerCreating"}}"#);
    let map = settings(&mut world, "mode", "dev");
    world.run(5);
    assert_eq!(world.status(&key)["phase"].s(), "Running");
    let contents = |world: &World| match &world.volumes["uid-app"][0].source {
        VolumeSource::Files { files, .. } => files[0].contents.clone(),
        _ => panic!("files"),
    };
    assert_eq!(contents(&world), FileBytes::Text(text("dev")));
    world.change(&map, &["data", "mode"], "prod");
    world.run(65);
    assert_eq!(contents(&world), FileBytes::Text(text("prod")));
}

#[test]
fn environment_of_every_source() {
    let mut world = World::new();
    settings(&mut world, "mode", "dev");
    let secret = obj! { "metadata" => obj! { "name" => "db", "namespace" => "ns" }, "data" => obj! { "password" => "c2VjcmV0" } };
    world.put(&resource::SECRETS, secret);
    for (namespace, name) in [("ns", "my-db"), ("default", "kubernetes"), ("default", "other")] {
        let service = obj! {
            "metadata" => obj! { "name" => name, "namespace" => namespace },
            "spec" => obj! { "clusterIP" => "10.96.0.1", "ports" => list![obj! { "name" => "https", "port" => 443, "protocol" => "TCP" }] },
        };
        let service = Arc::new(Object::new(&resource::SERVICES, service));
        world.later(Duration::ZERO, Input::Service(service));
    }
    world.run(1);
    world.pod(
        r#"{"containers":[{"name":"app","image":"busybox","command":["sleep","$(P)"],
        "resources":{"requests":{"cpu":"125m"},"limits":{"cpu":"250m","memory":"64Mi"}},
        "envFrom":[{"prefix":"C_","configMapRef":{"name":"settings"}}],
        "env":[{"name":"P","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}},
        {"name":"ME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
        {"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
        {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"requests.cpu"}}},
        {"name":"MEM","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
        {"name":"NONE","valueFrom":{"secretKeyRef":{"name":"nope","key":"x","optional":true}}},
        {"name":"BOTH","value":"$(P)-$(C_mode)-$(MY_DB_SERVICE_HOST)"}]}]}"#,
    );
    world.run(2);
    for (name, want) in [
        ("C_mode", "dev"),
        ("P", "secret"),
        ("ME", "app"),
        ("IP", "10.244.0.9"),
        ("CPU", "1"),
        ("MEM", "64"),
        ("BOTH", "secret-dev-10.96.0.1"),
        ("MY_DB_SERVICE_PORT_HTTPS", "443"),
        ("KUBERNETES_PORT_443_TCP", "tcp://10.96.0.1:443"),
    ] {
        assert_eq!(env(&world, name).as_deref(), Some(want), "{name}");
    }
    assert_eq!(env(&world, "NONE"), None);
    assert_eq!(env(&world, "OTHER_SERVICE_HOST"), None);
    assert_eq!(world.configs.values().next().unwrap().command[1], "secret");
}

#[test]
fn hosts_file_names_the_pod() {
    let mut world = World::new();
    world.pod(
        r#"{"hostname":"h","subdomain":"sub","hostAliases":[{"ip":"10.1.2.3","hostnames":["db"]}],
        "containers":[{"name":"app","image":"busybox","command":["sleep"]}]}"#,
    );
    world.run(2);
    let config = world.configs.values().next().unwrap();
    let MountSource::File(hosts) = &config.mounts[0].source else { panic!("a file") };
    assert!(hosts.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
    assert!(hosts.ends_with("10.244.0.9\th.sub.ns.svc.cluster.local\th\n\n# Entries added by HostAliases.\n10.1.2.3\tdb\n"));
}

#[test]
fn users_that_break_the_policy() {
    for (context, want) in [
        (
            r#"{"runAsNonRoot":true}"#,
            "container has runAsNonRoot and image will run as root (pod: \"app_ns(uid-app)\", container: app)",
        ),
        (
            r#"{"runAsNonRoot":true,"runAsUser":0}"#,
            "container's runAsUser breaks non-root policy (pod: \"app_ns(uid-app)\", container: app)",
        ),
    ] {
        let mut world = World::new();
        let key = world.pod(&format!(
            r#"{{"containers":[{{"name":"app","image":"busybox","command":["sleep"],"securityContext":{context}}}]}}"#
        ));
        world.run(2);
        assert_eq!(world.container(&key)["state"]["waiting"]["message"].s(), want);
    }
}
