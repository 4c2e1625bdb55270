//! Places as short texts, for menus, links and scripts: `outside`, `node/node-1`, `pod/default/web-0`.

use sim::Place;

/// The text of a place that a person can be at; the others have none.
pub fn to_text(place: &Place) -> String {
    match place {
        Place::Outside | Place::Internet(_) | Place::LoadBalancer { .. } => "outside".to_owned(),
        Place::Node(name) => ["node/", name].concat(),
        Place::Pod { namespace, name } => ["pod/", namespace, "/", name].concat(),
    }
}

/// Reads such a text; a pod without a namespace is in `default`.
pub fn from_text(text: &str) -> Option<Place> {
    let mut words = text.split('/');
    let place = match (words.next()?, words.next(), words.next()) {
        ("outside", None, None) => Place::Outside,
        ("node", Some(name), None) => Place::Node(name.into()),
        ("pod", Some(name), None) => Place::Pod { namespace: "default".into(), name: name.into() },
        ("pod", Some(namespace), Some(name)) => Place::Pod { namespace: namespace.into(), name: name.into() },
        _ => return None,
    };
    words.next().is_none().then_some(place)
}

/// What a menu calls it.
pub fn title(place: &Place) -> String {
    match place {
        Place::Outside => "your machine (outside)".to_owned(),
        Place::Pod { namespace, name } if namespace == "default" => ["pod ", name].concat(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        for text in ["outside", "node/node-1", "pod/kube-system/coredns-0"] {
            assert_eq!(from_text(text).map(|place| to_text(&place)).as_deref(), Some(text));
        }
        assert_eq!(from_text("pod/a").map(|place| to_text(&place)).as_deref(), Some("pod/default/a"));
        assert_eq!(from_text("moon"), None);
        assert_eq!(from_text("pod/a/b/c"), None);
    }
}
