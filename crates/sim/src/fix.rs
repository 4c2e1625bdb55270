//! The smallest change that makes a failed request work, found by trying: each candidate edit is made in a branch of the
//! world, time runs on there until the controllers have followed, and the request is sent again. `remedies` proposes the
//! candidates; what is answered here has worked.

use crate::agenda::Source;
use crate::exchange::Exchange;
use crate::network::{End, Place};
use crate::remedies::{self, Ask, Case, Remedy};
use crate::trace::Target;
use crate::world::World;
use api::{PatchType, Request, User, Verb};
use base::{Duration, Text};
use control::Answered;
use model::{Key, Object};
use value::{Value, list, obj};

/// As many candidates are tried.
const TRIED: usize = 20;
/// As many fixes are answered.
const ANSWERED: usize = 3;
/// A second answer may be so much farther fetched than the best.
const MARGIN: u32 = 12;
/// A search takes at most so many steps of the world; in a small cluster 30 s are some hundred.
const STEPS: u64 = 60_000;
/// Every one of so many requests has to succeed: an endpoint is chosen by dice.
const REQUESTS: u32 = 4;

/// What a request is for, which says when it worked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// An answer below 400.
    Http,
    /// Somebody listens.
    Connect,
    /// The name has an address.
    Lookup,
}

/// A change after which the request works.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    /// The object to change; `None`: the request is what has to change.
    pub object: Option<Key>,
    /// `service`, `deployment`; `URL` or `name` for the request itself.
    pub kind: Text,
    /// The field in the words of `kubectl explain`: `spec.selector.app`, `spec.ports[0].targetPort`. Empty for the request.
    pub path: String,
    /// Empty: the field is not there.
    pub old: String,
    /// Empty: the field goes.
    pub new: String,
    /// Why, in one sentence.
    pub text: String,
    /// A merge patch (a map) or RFC 6902 operations (a list); null for the request.
    pub patch: Value,
    /// The request that works then, if it is another one.
    pub ask: Option<Target>,
    /// It worked so long after the change.
    pub after: Duration,
}

/// What came of a search.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fixes {
    /// The smallest first.
    pub found: Vec<Fix>,
    /// If there is none: why the pods behind it do not answer, or how long to wait.
    pub note: Option<String>,
}

/// A search that can be taken one candidate at a time.
pub struct Search {
    asked: Asked,
    /// The moment of the search.
    origin: World,
    /// The world as it goes on from there without a change, and whether the request has come to work in it.
    idle: (World, bool),
    /// How many steps of the world are left.
    steps: u64,
    candidates: std::vec::IntoIter<Remedy>,
    best: Option<u32>,
    fixes: Fixes,
    obstacle: Option<String>,
    over: bool,
}

/// A request to be repeated.
#[derive(Clone)]
struct Asked {
    from: Place,
    target: Target,
    goal: Goal,
}

impl World {
    /// Changes after which an HTTP request from a place to a target works, the smallest first; none if it works already.
    pub fn fixes(&self, from: &Place, target: &Target) -> Vec<Fix> {
        let mut search = Search::new(self, from, target, Goal::Http);
        while search.step() {}
        search.fixes.found
    }
    /// The search for what would make a failed request work now.
    pub fn search(&self, exchange: &Exchange) -> Option<Search> {
        let (goal, target) = exchange.goal()?;
        Some(Search::new(self, &exchange.from, &target, goal))
    }
}

impl Exchange {
    /// What was wanted of whom.
    pub fn goal(&self) -> Option<(Goal, Target)> {
        let (verb, rest) = self.what.split_once(' ')?;
        match verb {
            "lookup" => Some((Goal::Lookup, Target { host: rest.into(), port: 80, path: "/".into() })),
            "TCP" => Some((Goal::Connect, Target::parse(rest)?)),
            _ if rest.starts_with("http://") => Some((Goal::Http, Target::parse(rest)?)),
            _ => None,
        }
    }
}

impl Search {
    /// Looks at the request as it goes now, and collects what to try.
    pub fn new(world: &World, from: &Place, target: &Target, goal: Goal) -> Search {
        let asked = Asked { from: from.clone(), target: target.clone(), goal };
        let origin = world.bystander();
        let works = asked.works(&origin, target);
        let mut search = Search {
            asked,
            idle: (origin.clone(), works),
            origin,
            steps: STEPS,
            candidates: Vec::new().into_iter(),
            best: None,
            fixes: Fixes::default(),
            obstacle: None,
            over: works,
        };
        if works {
            search.fixes.note = Some("It works now.".into());
            return search;
        }
        let exchange = world.trace(from, target).exchange;
        let case = Case::of(world, &search.asked.from, (target, goal), &exchange);
        let mut candidates = remedies::propose(&case);
        // The sort is stable: of equals the one that was proposed first stays first.
        candidates.sort_by_key(|remedy| remedy.cost);
        candidates.truncate(TRIED);
        search.obstacle = case.obstacle();
        search.candidates = candidates.into_iter();
        search
    }
    /// Tries the next candidate. False: the search is over.
    pub fn step(&mut self) -> bool {
        if self.over {
            return false;
        }
        let full = self.fixes.found.len() >= ANSWERED;
        let next = self.candidates.next().filter(|r| !full && self.best.is_none_or(|best| r.cost <= best + MARGIN));
        let Some(remedy) = next else {
            self.over = true;
            if self.fixes.found.is_empty() {
                self.fixes.note = self.patience().or(self.obstacle.take());
            }
            return false;
        };
        if let Some((ask, after)) = self.attempt(&remedy) {
            if self.idles_to(after) {
                // By then it works without any change.
                return true;
            }
            self.best = Some(self.best.unwrap_or(remedy.cost));
            self.fixes.found.push(fix(remedy, ask, after));
        }
        true
    }
    /// What was found so far.
    pub fn fixes(&self) -> &Fixes {
        &self.fixes
    }
    /// Makes a candidate's change in a branch and waits there. Answers what works then, and after which time.
    fn attempt(&mut self, remedy: &Remedy) -> Option<(Target, Duration)> {
        let mut branch = self.origin.clone();
        if let Some(key) = &remedy.object
            && !branch.patch(key, &remedy.patch)
        {
            return None;
        }
        for seconds in remedy.waits {
            let after = Duration::from_secs(*seconds);
            if !branch.run_until(self.origin.now + after, &mut self.steps) {
                return None;
            }
            let Some(target) = remedy.ask.target(&branch, &self.asked.target) else { continue };
            if self.asked.works(&branch, &target) {
                return Some((target, after));
            }
        }
        None
    }
    /// Lets the idle world go on for a span since the start, and answers whether the request has come to work in it.
    fn idles_to(&mut self, span: Duration) -> bool {
        let (until, (world, works)) = (self.origin.now + span, &mut self.idle);
        if world.now < until && !*works {
            *works = world.run_until(until, &mut self.steps) && self.asked.works(world, &self.asked.target);
        }
        *works
    }
    /// Whether it is enough to wait.
    fn patience(&mut self) -> Option<String> {
        let seconds = [2, 5, 10, 20, 30].into_iter().find(|s| self.idles_to(Duration::from_secs(*s)))?;
        Some(format!("Nothing has to change: in about {seconds} s it works by itself."))
    }
}

fn fix(remedy: Remedy, ask: Target, after: Duration) -> Fix {
    let ask = (remedy.ask != Ask::Same).then_some(ask);
    let Remedy { object, kind, path, old, new, text, patch, .. } = remedy;
    Fix { object, kind, path, old, new, text, patch, ask, after }
}

impl Asked {
    /// Whether the request, sent to a target, works in a world.
    fn works(&self, world: &World, target: &Target) -> bool {
        let mut copy = world.clone();
        let caller = copy.caller_at(&self.from);
        if self.goal == Goal::Lookup {
            return copy.resolve(&caller, &target.host).is_some_and(|(found, _)| !found.addresses.is_empty());
        }
        let request = target.get();
        (0..REQUESTS).all(|_| {
            let (_, exchange) = copy.http(&caller, &request);
            exchange.ok || self.goal == Goal::Connect && exchange.met_server()
        })
    }
}

impl Exchange {
    /// Whether there was somebody at the other end.
    fn met_server(&self) -> bool {
        let arrived = self.path.as_ref().is_some_and(|p| matches!(p.end, End::Pod { .. } | End::Node(_) | End::Internet(_)));
        arrived && self.outcome != "connection refused"
    }
}

impl World {
    /// A branch without the people at the terminals: what they run is not part of the question.
    fn bystander(&self) -> World {
        let mut copy = self.clone();
        for id in std::mem::take(&mut copy.terminals).keys() {
            copy.agenda.set(Source::Terminal(*id), None);
        }
        copy.later.clear();
        copy
    }
    /// Changes an object as `kubectl patch` does; false if the API server refuses.
    fn patch(&mut self, key: &Key, patch: &Value) -> bool {
        let kind = if patch.as_list().is_some() { PatchType::Json } else { PatchType::Merge };
        let user = User::master("kubernetes-admin");
        let request = Request { body: patch.clone(), ..Request::of(&user, Verb::Patch(kind), key) };
        matches!(self.answer(&request), Answered::Reply(reply) if reply.is_success())
    }
}

impl Fix {
    /// The command line that makes the change.
    pub fn command(&self) -> Option<String> {
        let key = self.object.as_ref()?;
        let namespace =
            if key.namespace.is_empty() || key.namespace == "default" { String::new() } else { format!(" -n {}", key.namespace) };
        let kind = if self.patch.as_list().is_some() { " --type json" } else { "" };
        Some(format!("kubectl patch {} {}{namespace}{kind} -p '{}'", self.kind, key.name, self.patch.to_json()))
    }
    /// In one line: `service web spec.selector.app: wep -> web`.
    pub fn line(&self) -> String {
        let or_none = |value: &str| if value.is_empty() { "(none)".to_owned() } else { value.to_owned() };
        let path = if self.path.is_empty() { String::new() } else { format!(" {}", self.path) };
        format!("{}{path}: {} -> {}", self.what(), or_none(&self.old), or_none(&self.new))
    }
    /// What is changed: `service inside`, `URL`.
    pub fn what(&self) -> String {
        match &self.object {
            Some(key) => format!("{} {}", self.kind, key.name),
            None => self.kind.to_string(),
        }
    }
}

/// The patch that sets one field; null takes it away. Lists cannot be merged, so a path through one becomes operations.
pub(crate) fn patch_of(object: &Object, path: &[Text], to: &Value) -> Value {
    let (mut at, mut in_list) = (&object.value, false);
    for step in path {
        in_list |= at.as_list().is_some();
        at = field(at, step);
    }
    if in_list {
        let pointer: String = path.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
        return list![match (at.is_null(), to.is_null()) {
            (true, _) => obj! { "op" => "add", "path" => pointer, "value" => to },
            (false, true) => obj! { "op" => "remove", "path" => pointer },
            (false, false) => obj! { "op" => "replace", "path" => pointer, "value" => to },
        }];
    }
    path.iter().rev().fold(to.clone(), |inner, step| Value::Map([(step.clone(), inner)].into_iter().collect()))
}

/// The field of a map, or the item of a list.
pub(crate) fn field<'v>(value: &'v Value, step: &str) -> &'v Value {
    match value.as_list() {
        Some(items) => step.parse().ok().and_then(|at: usize| items.as_slice().get(at)).unwrap_or(&Value::Null),
        None => &value[step],
    }
}

/// A path in words: `spec.ports[0].port`, `spec.selector["app.kubernetes.io/name"]`.
pub(crate) fn path_words(object: &Object, path: &[Text]) -> String {
    let (mut words, mut at) = (String::new(), &object.value);
    for step in path {
        if at.as_list().is_some() {
            words += &format!("[{step}]");
        } else if step.contains(['.', '/']) {
            words += &format!("[\"{step}\"]");
        } else {
            words += if words.is_empty() { "" } else { "." };
            words += step;
        }
        at = field(at, step);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Setup, Timeline};

    const WEB: &str = "
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: bretfisher/httpenv, ports: [{name: http, containerPort: 8888}]}]}
---
kind: Pod
apiVersion: v1
metadata: {name: client}
spec: {containers: [{name: client, image: nicolaka/netshoot, command: [sleep, infinity]}]}
---
kind: Namespace
apiVersion: v1
metadata: {name: other}
---
kind: Service
apiVersion: v1
metadata: {name: far, namespace: other}
spec: {type: ExternalName, externalName: example.com}
";

    /// A small cluster in which all is well.
    fn cluster() -> Timeline {
        let mut timeline = Timeline::new(&Setup::default());
        assert!(timeline.apply(WEB).iter().all(|a| a.ok));
        assert!(timeline.run_while(Duration::from_secs(60), World::is_settled));
        timeline
    }

    fn service(spec: &str) -> String {
        format!("{{kind: Service, apiVersion: v1, metadata: {{name: web}}, spec: {{{spec}}}}}")
    }

    /// What is answered for a request after manifests and commands: `path: old -> new` of each fix, and the note.
    fn answers(
        booted: &Timeline,
        manifest: &str,
        commands: &[&str],
        (from, to): (&Place, &str),
    ) -> (Vec<String>, Option<String>) {
        let mut timeline = booted.branch();
        let applied = timeline.apply(manifest);
        assert!(applied.iter().all(|a| a.ok), "{applied:?}");
        timeline.advance(Duration::from_secs(3));
        for line in commands {
            let ran = timeline.run(line, crate::Given::default());
            assert_eq!(ran.code, 0, "{line}: {}", ran.err);
            timeline.advance(Duration::from_secs(3));
        }
        let to = match to.strip_prefix("cluster-ip") {
            Some(rest) => {
                let web = timeline.world().snapshot().find(&model::resource::SERVICES, "default", "web").cloned();
                format!("{}{rest}", web.map(|web| web.service().cluster_ip().to_owned()).unwrap_or_default())
            }
            None => to.to_owned(),
        };
        let target = Target::parse(&to).unwrap();
        let mut search = Search::new(timeline.world(), from, &target, Goal::Http);
        while search.step() {}
        let line = |f: &Fix| {
            let path = if f.path.is_empty() { f.kind.as_str() } else { &f.path };
            format!("{path}: {} -> {}{}", f.old, f.new, f.ask.as_ref().map(|_| "*").unwrap_or_default())
        };
        let fixes = search.fixes().clone();
        // What is promised holds in the world itself.
        if let Some(command) = fixes.found.first().and_then(Fix::command) {
            let ran = timeline.run(&command, crate::Given::default());
            assert_eq!(ran.code, 0, "{command}: {}", ran.err);
            timeline.advance(fixes.found[0].after + Duration::from_secs(2));
            let to = fixes.found[0].ask.as_ref().unwrap_or(&target);
            let again = timeline.world().trace(from, to).exchange;
            assert!(again.ok, "after {command}: {:?}", again.explain());
        }
        (fixes.found.iter().map(line).collect(), fixes.note)
    }

    #[test]
    fn one_field_is_found() {
        let booted = cluster();
        let pod = Place::Pod { namespace: "default".into(), name: "client".into() };
        let node = Place::Node("node-1".into());
        let good = "selector: {app: web}, ports: [{port: 8888}]";
        let check = |spec: &str, commands: &[&str], asked: (&Place, &str), want: &str| {
            let (found, note) = answers(&booted, &service(spec), commands, asked);
            assert_eq!(found.first().map(String::as_str), Some(want), "{spec} {asked:?}: {found:?} {note:?}");
        };
        check("selector: {app: wbe}, ports: [{port: 8888}]", &[], (&pod, "web:8888"), "spec.selector.app: wbe -> web");
        check("selector: {ap: web}, ports: [{port: 8888}]", &[], (&pod, "web:8888"), "spec.selector: ap: web -> app: web");
        check("selector: {app: web, tier: x}, ports: [{port: 8888}]", &[], (&pod, "web:8888"), "spec.selector.tier: x -> ");
        check("ports: [{port: 8888}]", &[], (&pod, "web:8888"), "spec.selector.app:  -> web");
        let to = "spec.ports[0].targetPort: ";
        check("selector: {app: web}, ports: [{port: 80}]", &[], (&pod, "web"), &format!("{to}80 -> 8888"));
        check("selector: {app: web}, ports: [{port: 80, targetPort: web}]", &[], (&pod, "web"), &format!("{to}web -> http"));
        check(good, &[], (&pod, "web/x?y"), "URL: http://web/x?y -> http://web:8888/x?y*");
        check(good, &[], (&pod, "wep:8888"), "URL: http://wep:8888 -> http://web:8888*");
        check(good, &[], (&pod, "web.othr:8888"), "URL: http://web.othr:8888 -> http://web.default:8888*");
        check(good, &["kubectl scale deployment web --replicas 0"], (&pod, "web:8888"), "spec.replicas: 0 -> 1");
        check(
            good,
            &["kubectl scale deployment coredns -n kube-system --replicas 0"],
            (&pod, "web:8888"),
            "spec.replicas: 0 -> 1",
        );
        check(good, &[], (&Place::Outside, "cluster-ip:8888"), "spec.type: ClusterIP -> NodePort*");
        let (found, _) = answers(&booted, &service(good), &[], (&node, "web:8888"));
        assert!(found[0].starts_with("URL: http://web:8888 -> http://10."), "{found:?}");
        check(
            "type: NodePort, selector: {app: web}, ports: [{port: 8888, nodePort: 30088}]",
            &[],
            (&Place::Outside, "172.18.0.3:30080"),
            "URL: http://172.18.0.3:30080 -> http://172.18.0.3:30088*",
        );
        check(
            "type: NodePort, selector: {app: web}, ports: [{port: 8888, nodePort: 30088}]",
            &[],
            (&Place::Outside, "web:8888"),
            "URL: http://web:8888 -> http://172.18.0.3:30088*",
        );
    }

    #[test]
    fn rarer_faults_are_found_too() {
        let booted = cluster();
        let pod = Place::Pod { namespace: "default".into(), name: "client".into() };
        let check = |spec: &str, commands: &[&str], asked: (&Place, &str), want: &str| {
            let (found, note) = answers(&booted, &service(spec), commands, asked);
            assert_eq!(found.first().map(String::as_str), Some(want), "{spec} {asked:?}: {found:?} {note:?}");
        };
        let good = "selector: {app: web}, ports: [{port: 8888}]";
        check(
            "selector: {app: web}, ports: [{port: 8888, protocol: UDP}]",
            &[],
            (&pod, "web:8888"),
            "spec.ports[0].protocol: UDP -> TCP",
        );
        let local = "type: NodePort, selector: {app: web}, externalTrafficPolicy: Local, ports: [{port: 8888, nodePort: 30088}]";
        check(local, &[], (&Place::Outside, "172.18.0.2:30088"), "spec.externalTrafficPolicy: Local -> Cluster");
        let closed = "type: LoadBalancer, selector: {app: web}, loadBalancerSourceRanges: [192.0.2.0/24], ports: [{port: 8888}]";
        check(
            closed,
            &["sleep 10"],
            (&Place::Outside, "203.0.113.10:8888"),
            "spec.loadBalancerSourceRanges[0]: 192.0.2.0/24 -> 198.51.100.7/32",
        );
        let cordoned = "kubectl cordon node-1 node-2 node-3 && kubectl delete pod -l app=web";
        check(good, &[cordoned], (&pod, "web:8888"), "spec.unschedulable: true -> ");
    }

    #[test]
    fn pods_that_start_need_no_fix() {
        let booted = cluster();
        let pod = Place::Pod { namespace: "default".into(), name: "client".into() };
        let mut timeline = booted.branch();
        timeline.apply(&service("selector: {app: web}, ports: [{port: 8888}]"));
        timeline.run("kubectl scale deployment web --replicas 0 && sleep 5", crate::Given::default());
        timeline.run("kubectl scale deployment web --replicas 2 && sleep 0.3", crate::Given::default());
        let mut search = Search::new(timeline.world(), &pod, &Target::parse("web:8888").unwrap(), Goal::Http);
        while search.step() {}
        let fixes = search.fixes();
        assert!(fixes.found.is_empty(), "{:?}", fixes.found);
        assert!(fixes.note.as_ref().is_some_and(|n| n.contains("works by itself")), "{:?}", fixes.note);
    }

    #[test]
    fn lookups_are_requests_too() {
        let booted = cluster();
        let check = |name: &str, want: Option<&str>| {
            let mut timeline = booted.branch();
            let before = timeline.world().exchanges().count();
            timeline.run(&format!("kubectl exec client -- nslookup {name}"), crate::Given::default());
            let world = timeline.world();
            let told: Vec<&str> = world.exchanges().skip(before).map(|e| e.what.as_str()).collect();
            assert_eq!(told, [format!("lookup {name}")], "one request for one name");
            let exchange = world.exchanges().next_back().unwrap();
            assert_eq!(exchange.ok, want.is_none(), "{:?}", exchange.explain());
            let mut search = world.search(exchange).unwrap();
            while search.step() {}
            assert_eq!(search.fixes().found.first().map(|fix| fix.new.as_str()), want, "{name}");
        };
        check("far.other", None);
        check("kubernetes", None);
        check("kubernets", Some("kubernetes"));
        check("kube-dns", Some("kube-dns.kube-system"));
        check("kube-dns.default", Some("kube-dns.kube-system"));
    }

    #[test]
    fn a_probe_is_mended_and_what_mends_itself_is_left() {
        let booted = cluster();
        let pod = Place::Pod { namespace: "default".into(), name: "client".into() };
        let good = service("selector: {app: web}, ports: [{port: 8888}]");
        let probe = |probe: &str| {
            let container = format!("{{name: web, image: bretfisher/httpenv, readinessProbe: {{periodSeconds: 2, {probe}}}}}");
            format!(
                "{good}\n---\n{{kind: Deployment, apiVersion: apps/v1, metadata: {{name: web}}, spec: {{replicas: 1, strategy: {{type: Recreate}}, \
                 selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{container}]}}}}}}}}"
            )
        };
        let wait = &["sleep 40"][..];
        let (found, note) = answers(&booted, &probe("httpGet: {port: 80}"), wait, (&pod, "web:8888"));
        assert_eq!(found, ["spec.template.spec.containers[0].readinessProbe.httpGet.port: 80 -> 8888"], "{note:?}");
        let (found, note) = answers(&booted, &probe("exec: {command: [cat, /ready]}"), wait, (&pod, "web:8888"));
        assert_eq!((found.len(), note.is_some_and(|n| n.contains("its readiness probe fails"))), (0, true));
        let image = good.clone()
            + "\n---\n{kind: Pod, apiVersion: v1, metadata: {name: x, labels: {app: late}}, spec: {containers: [{name: x, image: nginxx/nope}]}}";
        let (found, note) = answers(&booted, &image.replace("{app: web}", "{app: late}"), &[], (&pod, "web:8888"));
        assert_eq!(found.len(), 1, "{found:?} {note:?}");
        let (found, note) = answers(&booted, &good, &[], (&pod, "web:8888"));
        assert_eq!((found.len(), note.as_deref()), (0, Some("It works now.")));
    }
}
