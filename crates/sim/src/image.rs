//! Images are behaviours: a table of what tutorials run. Each row says which files an image has, what it starts, which
//! servers it holds and how big it is. An image that is not in the table runs as a plain long-lived process, and says so.

use base::Text;
use shell::Tree;

/// The system inside an image: which tools a shell there finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum System {
    /// busybox: its sh and tools.
    Busybox,
    /// Alpine: busybox and /etc/alpine-release.
    Alpine,
    /// Debian: coreutils and sh.
    Debian,
    /// Nothing but the program.
    Scratch,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ImageSpec {
    /// Repository without `docker.io/library/`.
    pub repository: &'static str,
    pub system: System,
    pub entrypoint: &'static [&'static str],
    pub command: &'static [&'static str],
    pub env: &'static [(&'static str, &'static str)],
    pub working_dir: &'static str,
    /// A numeric user; 0 is root.
    pub uid: i64,
    /// MiB, as pulled.
    pub megabytes: i64,
    /// Network tools (curl, dig) beyond the system's own.
    pub network_tools: bool,
}

const PLAIN: ImageSpec = ImageSpec {
    repository: "",
    system: System::Debian,
    entrypoint: &[],
    command: &[],
    env: &[],
    working_dir: "/",
    uid: 0,
    megabytes: 60,
    network_tools: false,
};

const NGINX_ENV: &[(&str, &str)] = &[("NGINX_VERSION", "1.29.3"), ("PKG_RELEASE", "1~trixie")];

static TABLE: &[ImageSpec] = &[
    ImageSpec {
        repository: "nginx",
        entrypoint: &["/docker-entrypoint.sh"],
        command: &["nginx", "-g", "daemon off;"],
        env: NGINX_ENV,
        megabytes: 59,
        network_tools: true,
        ..PLAIN
    },
    ImageSpec {
        repository: "httpd",
        command: &["httpd-foreground"],
        env: &[("HTTPD_PREFIX", "/usr/local/apache2"), ("HTTPD_VERSION", "2.4.65")],
        working_dir: "/usr/local/apache2",
        megabytes: 45,
        ..PLAIN
    },
    ImageSpec { repository: "busybox", system: System::Busybox, command: &["sh"], megabytes: 2, ..PLAIN },
    ImageSpec { repository: "alpine", system: System::Alpine, command: &["/bin/sh"], megabytes: 4, ..PLAIN },
    ImageSpec { repository: "debian", command: &["bash"], megabytes: 48, ..PLAIN },
    ImageSpec { repository: "ubuntu", command: &["/bin/bash"], megabytes: 30, ..PLAIN },
    ImageSpec { repository: "bash", system: System::Alpine, command: &["bash"], megabytes: 6, ..PLAIN },
    ImageSpec {
        repository: "nicolaka/netshoot",
        system: System::Alpine,
        command: &["zsh"],
        megabytes: 200,
        network_tools: true,
        ..PLAIN
    },
    ImageSpec {
        repository: "bretfisher/netshoot",
        system: System::Alpine,
        command: &["bash"],
        megabytes: 200,
        network_tools: true,
        ..PLAIN
    },
    ImageSpec {
        repository: "curlimages/curl",
        system: System::Alpine,
        entrypoint: &["/entrypoint.sh"],
        command: &["curl"],
        uid: 100,
        megabytes: 11,
        network_tools: true,
        ..PLAIN
    },
    ImageSpec {
        repository: "redis",
        entrypoint: &["docker-entrypoint.sh"],
        command: &["redis-server"],
        env: &[("REDIS_VERSION", "8.2.2")],
        working_dir: "/data",
        megabytes: 52,
        ..PLAIN
    },
    ImageSpec { repository: "bretfisher/httpenv", system: System::Alpine, command: &["/httpenv"], megabytes: 8, ..PLAIN },
    ImageSpec { repository: "registry.k8s.io/pause", system: System::Scratch, entrypoint: &["/pause"], megabytes: 1, ..PLAIN },
    ImageSpec {
        repository: "registry.k8s.io/e2e-test-images/agnhost",
        system: System::Alpine,
        entrypoint: &["/agnhost"],
        command: &["pause"],
        megabytes: 55,
        network_tools: true,
        ..PLAIN
    },
    ImageSpec {
        repository: "registry.k8s.io/coredns/coredns",
        system: System::Scratch,
        entrypoint: &["/coredns"],
        uid: 65_532,
        megabytes: 22,
        ..PLAIN
    },
    ImageSpec { repository: "hashicorp/http-echo", system: System::Scratch, entrypoint: &["/http-echo"], megabytes: 4, ..PLAIN },
    ImageSpec { repository: "traefik/whoami", system: System::Scratch, entrypoint: &["/whoami"], megabytes: 3, ..PLAIN },
    ImageSpec {
        repository: "gcr.io/google-samples/hello-app",
        system: System::Alpine,
        command: &["/hello-app"],
        megabytes: 12,
        ..PLAIN
    },
    ImageSpec {
        repository: "kicbase/echo-server",
        system: System::Scratch,
        entrypoint: &["/echo-server"],
        megabytes: 5,
        ..PLAIN
    },
    ImageSpec { repository: "ealen/echo-server", system: System::Scratch, entrypoint: &["/echo-server"], megabytes: 5, ..PLAIN },
    ImageSpec { repository: "python", command: &["python3"], megabytes: 380, ..PLAIN },
    ImageSpec { repository: "perl", command: &["perl"], megabytes: 330, ..PLAIN },
];

/// What `image: …` of a container names, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// `docker.io/library/nginx`
    pub repository: Text,
    pub tag: Text,
    pub digest: Text,
}

impl Reference {
    /// Reads an image name as containerd normalizes it; `None` for what is no name at all.
    pub fn parse(name: &str) -> Option<Reference> {
        let (rest, digest) = name.split_once('@').unwrap_or((name, ""));
        let last = rest.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match rest[last..].find(':') {
            Some(colon) => (&rest[..last + colon], &rest[last + colon + 1..]),
            None => (rest, ""),
        };
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/:".contains(c);
        if repository.is_empty() || !repository.chars().all(fine) {
            return None;
        }
        let host =
            repository.split('/').next().filter(|h| repository.contains('/') && (h.contains(['.', ':']) || *h == "localhost"));
        let full = match host {
            Some(_) => repository.to_string(),
            None if repository.contains('/') => format!("docker.io/{repository}"),
            None => format!("docker.io/library/{repository}"),
        };
        let tag = if tag.is_empty() && digest.is_empty() { "latest" } else { tag };
        Some(Reference { repository: full.into(), tag: tag.into(), digest: digest.into() })
    }
    /// The name as people write it: without `docker.io/library/` and `docker.io/`.
    pub fn short(&self) -> &str {
        let name = self.repository.as_str();
        name.strip_prefix("docker.io/library/").or_else(|| name.strip_prefix("docker.io/")).unwrap_or(name)
    }
    /// `docker.io/library/nginx:latest`
    pub fn full(&self) -> String {
        match (self.tag.as_str(), self.digest.as_str()) {
            (tag, "") => format!("{}:{tag}", self.repository),
            ("", digest) => format!("{}@{digest}", self.repository),
            (tag, digest) => format!("{}:{tag}@{digest}", self.repository),
        }
    }
    /// The row of the table, if the image is modelled.
    pub fn spec(&self) -> Option<&'static ImageSpec> {
        TABLE.iter().find(|spec| spec.repository == self.short())
    }
    /// Whether the registry has such an image, and if not, what the registry's refusal says.
    /// Official repositories are a known list and tags of modelled images must look like versions; an image that says in
    /// its name that it does not exist is believed.
    pub fn missing(&self) -> Option<Missing> {
        const WORDS: [&str; 7] = ["does-not-exist", "doesnotexist", "nonexistent", "no-such", "nosuch", "not-exist", "notexist"];
        let official = self.repository.starts_with("docker.io/library/");
        let known = self.spec().is_some() || OFFICIAL.contains(&self.short());
        if WORDS.iter().any(|word| self.repository.contains(word)) || official && !known {
            return Some(Missing::Repository);
        }
        let wrong_tag = WORDS.iter().any(|word| self.tag.contains(word)) || known && !self.tag.is_empty() && !self.plausible();
        if wrong_tag { Some(Missing::Tag) } else { None }
    }
    /// `1.27`, `v2`, `latest`, `3.19-alpine`, `stable`.
    fn plausible(&self) -> bool {
        const WORDS: [&str; 14] = [
            "latest", "stable", "mainline", "alpine", "edge", "bookworm", "trixie", "slim", "perl", "glibc", "musl", "uclibc",
            "noble", "jammy",
        ];
        let newest = if self.short() == "nginx" { 40 } else { 100 };
        let version = self.tag.trim_start_matches('v').split('-').next().unwrap_or("");
        let small = |part: &str| part.parse::<u32>().is_ok_and(|n| n < newest || (2000..2100).contains(&n));
        version.split('.').all(small) || WORDS.iter().any(|word| self.tag.starts_with(word))
    }
}

/// What a registry does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    Repository,
    Tag,
}

/// Official repositories that are not modelled but known to exist.
const OFFICIAL: &[&str] = &[
    "amazonlinux",
    "caddy",
    "cassandra",
    "centos",
    "consul",
    "couchdb",
    "drupal",
    "eclipse-temurin",
    "elasticsearch",
    "fedora",
    "gcc",
    "ghost",
    "golang",
    "gradle",
    "haproxy",
    "hello-world",
    "influxdb",
    "java",
    "jenkins",
    "kibana",
    "logstash",
    "mariadb",
    "maven",
    "memcached",
    "mongo",
    "mongo-express",
    "mysql",
    "nats",
    "neo4j",
    "nextcloud",
    "node",
    "openjdk",
    "php",
    "postgres",
    "rabbitmq",
    "registry",
    "rockylinux",
    "ruby",
    "rust",
    "solr",
    "sonarqube",
    "swift",
    "tomcat",
    "traefik",
    "vault",
    "wordpress",
    "zookeeper",
];

/// The files of an image.
pub fn files(spec: Option<&ImageSpec>) -> Tree {
    let mut tree = Tree::new();
    let system = spec.map_or(System::Debian, |s| s.system);
    for directory in ["/etc", "/proc", "/sys", "/dev", "/run", "/var/log", "/var/run", "/usr/bin", "/bin", "/home"] {
        tree.put_dir(directory, 0o755);
    }
    tree.put_dir("/root", 0o700);
    tree.put_dir("/tmp", 0o1777);
    tree.put_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
    tree.put_file("/etc/group", "root:x:0:\nnogroup:x:65534:\n");
    match system {
        System::Alpine => {
            tree.put_file("/etc/alpine-release", "3.22.2\n");
            tree.put_file(
                "/etc/os-release",
                "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.2\nPRETTY_NAME=\"Alpine Linux v3.22\"\n",
            );
        }
        System::Debian => {
            tree.put_file(
                "/etc/os-release",
                "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nID=debian\n",
            );
        }
        System::Busybox | System::Scratch => {}
    }
    match spec.map_or("", |s| s.repository) {
        "nginx" => {
            tree.put_file("/usr/share/nginx/html/index.html", NGINX_INDEX);
            tree.put_file(
                "/usr/share/nginx/html/50x.html",
                "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n</html>\n",
            );
            tree.put_file("/etc/nginx/nginx.conf", "user nginx;\nworker_processes auto;\n");
            tree.put_file("/etc/nginx/conf.d/default.conf", NGINX_CONF);
            tree.put_program("/docker-entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n");
        }
        "httpd" => tree.put_file("/usr/local/apache2/htdocs/index.html", HTTPD_INDEX),
        "redis" => tree.put_dir("/data", 0o755),
        _ => {}
    }
    tree
}

/// The page that nginx serves when nobody gave it another.
pub const NGINX_INDEX: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\nhtml { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\nfont-family: Tahoma, Verdana, Arial, sans-serif; }\n</style>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this page, nginx is successfully installed and working.</p>\n</body>\n</html>\n";
const NGINX_CONF: &str = "server {\n    listen       80;\n    listen  [::]:80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n}\n";
const HTTPD_INDEX: &str = "<html><body><h1>It works!</h1></body></html>\n";

/// A digest that looks like one and belongs to the name.
pub fn digest(name: &str) -> Text {
    let mut rng = base::Rng::new(name.bytes().fold(7, |hash: u64, byte| hash.wrapping_mul(31) ^ u64::from(byte)));
    let words: Vec<String> = (0..4).map(|_| format!("{:016x}", rng.next_u64())).collect();
    format!("sha256:{}", words.concat()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalized() {
        for (name, full, short) in [
            ("nginx", "docker.io/library/nginx:latest", "nginx"),
            ("nginx:1.27-alpine", "docker.io/library/nginx:1.27-alpine", "nginx"),
            ("bretfisher/httpenv", "docker.io/bretfisher/httpenv:latest", "bretfisher/httpenv"),
            ("localhost:5000/a/b:c", "localhost:5000/a/b:c", "localhost:5000/a/b"),
            ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10", "registry.k8s.io/pause"),
        ] {
            let reference = Reference::parse(name).expect("a name");
            assert_eq!((reference.full().as_str(), reference.short()), (full, short));
        }
        assert_eq!(Reference::parse("Nginx"), None);
        assert_eq!(Reference::parse(""), None);
    }

    #[test]
    fn tags_that_exist() {
        let exists = |name| Reference::parse(name).is_some_and(|r| r.missing().is_none());
        for name in ["nginx", "nginx:1.14.2", "busybox:1.36", "nginx:alpine", "python:3.12-slim", "my/app:whatever"] {
            assert!(exists(name), "{name}");
        }
        for name in [
            "nginx:nope",
            "nginx:999",
            "doesnotexist",
            "ngnix",
            "nginx:1.99",
            "nginx:1.161",
            "nginx:1612",
            "example/does-not-exist:1",
        ] {
            assert!(!exists(name), "{name}");
        }
    }
}
