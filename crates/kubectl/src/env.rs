//! What a command finds around it: the kubeconfig, standard input, the terminal, the time.

use api::User;
use base::{Text, Time, text};
use value::{Value, list, obj};

/// The surroundings of one invocation.
#[derive(Clone, Debug)]
pub struct Env {
    /// The kubeconfig as a value, as `kubectl config view --raw -o json` would print it. See [`Env::kubeconfig`].
    pub config: Value,
    /// Who the requests are from.
    pub user: User,
    /// All of standard input, if something is piped in.
    pub stdin: Option<Text>,
    /// Standard input and output are a terminal.
    pub tty: bool,
    /// The width of the terminal.
    pub columns: u16,
    pub now: Time,
    /// Environment variables; `KUBECONFIG` and those that `--from-env-file` takes over count.
    pub vars: Vec<(Text, Text)>,
}

impl Env {
    /// The value of an environment variable; empty if it is not set.
    pub fn variable(&self, name: &str) -> Text {
        self.vars.iter().rev().find(|(n, _)| n == name).map_or(text!(""), |(_, v)| v.clone())
    }
    /// Surroundings with a fresh kubeconfig, for the cluster's administrator.
    pub fn new(now: Time) -> Env {
        Env {
            config: Env::kubeconfig("https://127.0.0.1:6443"),
            user: User::master("kubernetes-admin"),
            stdin: None,
            tty: false,
            columns: 80,
            now,
            vars: Vec::new(),
        }
    }
    /// The kubeconfig of a cluster's administrator, as kubeadm writes it.
    pub fn kubeconfig(server: &str) -> Value {
        obj! {
            "apiVersion" => "v1", "kind" => "Config", "preferences" => obj! {},
            "current-context" => "kubernetes-admin@kubernetes",
            "clusters" => list![obj! { "name" => "kubernetes", "cluster" => obj! { "server" => server } }],
            "users" => list![obj! { "name" => "kubernetes-admin", "user" => obj! {} }],
            "contexts" => list![obj! {
                "name" => "kubernetes-admin@kubernetes",
                "context" => obj! { "cluster" => "kubernetes", "user" => "kubernetes-admin" },
            }],
        }
    }
    /// The namespace of the current context.
    pub fn namespace(&self) -> Text {
        let context = context(&self.config, self.config["current-context"].s());
        let namespace = context["namespace"].text();
        if namespace.is_empty() { text!("default") } else { namespace }
    }
    /// Makes a namespace the current context's own.
    pub fn set_namespace(&mut self, namespace: &str) {
        let current = self.config["current-context"].text();
        for row in self.config.at_mut(&["contexts"]).as_list_mut() {
            if row["name"].s() == current {
                row.set(&["context", "namespace"], namespace);
            }
        }
    }
}

/// The context of a name; null if there is none.
pub(crate) fn context<'a>(config: &'a Value, name: &str) -> &'a Value {
    named(config, "contexts", name).map_or(&Value::Null, |row| &row["context"])
}

/// The server address of a cluster; empty if it is not known.
pub(crate) fn server<'a>(config: &'a Value, cluster: &str) -> &'a str {
    named(config, "clusters", cluster).map_or("", |row| row["cluster"]["server"].s())
}

pub(crate) fn named<'a>(config: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    config[list].items().iter().find(|row| row["name"].s() == name)
}
