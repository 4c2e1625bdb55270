//! The examples of the menu. Each is a text to read, apply and change.

/// One entry of the menu.
pub struct Example {
    pub title: &'static str,
    /// A function, so that the texts are fetched when the first of them is chosen.
    pub text: fn() -> &'static str,
}

/// A heading of the menu and what is below it.
pub struct Group {
    pub title: &'static str,
    pub examples: &'static [Example],
}

macro_rules! example {
    ($title:literal, $file:literal) => {
        Example { title: $title, text: || include_str!(concat!("../../examples/", $file, ".yaml")) }
    };
}

/// The whole menu.
pub static MENU: &[Group] = &[
    Group {
        title: "Services",
        examples: &[
            example!("ClusterIP: one address inside", "clusterip"),
            example!("NodePort: a port on every node", "nodeport"),
            example!("LoadBalancer: an address outside", "loadbalancer"),
            example!("ExternalName: a name for elsewhere", "externalname"),
            example!("Headless: the pods themselves", "headless"),
        ],
    },
    Group {
        title: "Find the fault",
        examples: &[example!("A Service that reaches nobody", "selector"), example!("A Service that is refused", "targetport")],
    },
    Group {
        title: "Workloads",
        examples: &[
            example!("Rolling update and undo", "rolling"),
            example!("ConfigMap and Secret", "config"),
            example!("Liveness and readiness probes", "probes"),
            example!("Init container that waits", "init"),
        ],
    },
];

/// The text of the first sight.
pub fn first() -> &'static str {
    (MENU[0].examples[0].text)()
}

/// All examples, in the menu's order.
pub fn all() -> impl Iterator<Item = &'static Example> {
    MENU.iter().flat_map(|group| group.examples)
}

/// What to call a text of the user's: its first words, or the first name in it.
pub fn title(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && *line != "---").unwrap_or("empty");
    let name = text.lines().map(str::trim).find_map(|line| line.strip_prefix("name:")).map(str::trim);
    let line = line.trim_start_matches(['#', ' ']);
    let title: String = if line.starts_with("apiVersion") { name.unwrap_or(line) } else { line }.chars().take(48).collect();
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_named_by_their_first_words() {
        assert_eq!(title("\n# Hello, world\na: b"), "Hello, world");
        assert_eq!(title("apiVersion: v1\nmetadata:\n  name: web\n"), "web");
        assert_eq!(title(""), "empty");
    }

    #[test]
    fn every_example_is_yaml_with_kinds() {
        for example in all() {
            for document in value::yaml::documents((example.text)()) {
                let value = document.value.unwrap_or_else(|error| panic!("{}: {}", example.title, error.message));
                assert!(!value["kind"].s().is_empty(), "{}", example.title);
            }
        }
    }
}
