//! kubectl itself, over TLS and with its certificate. Where none is installed, the test says so and passes.

use crate::server::{Server, Shape};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

struct Kubectl {
    home: PathBuf,
}

impl Kubectl {
    fn new(server: &Server) -> Option<Kubectl> {
        if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
            eprintln!("skipped: there is no kubectl on the path");
            return None;
        }
        let home = std::env::temp_dir().join(format!("tabernetes-kubectl-{}", server.address.port()));
        std::fs::create_dir_all(&home).expect("a folder");
        std::fs::write(home.join("config"), &server.kubeconfig).expect("a kubeconfig");
        std::fs::write(home.join("web.yaml"), WEB).expect("a manifest");
        Some(Kubectl { home })
    }
    /// What a command prints, on both outputs, and its code if it is not 0.
    fn run(&self, arguments: &str) -> String {
        let mut command = Command::new("kubectl");
        command
            .args(arguments.split(' '))
            .current_dir(&self.home)
            .env("HOME", &self.home)
            .env("KUBECONFIG", self.home.join("config"));
        let output = command.output().expect("kubectl runs");
        let both = [output.stdout, output.stderr].concat();
        let mut text: String = String::from_utf8_lossy(&both)
            .lines()
            .filter(|line| !line.starts_with("WARNING: version difference"))
            .fold(String::new(), |text, line| text + line + "\n");
        if let Some(code) = output.status.code().filter(|code| *code != 0) {
            write!(text, "[exit {code}]").expect("a text takes everything");
        }
        text
    }
    fn check(&self, arguments: &str, wanted: &str) {
        let found = self.run(arguments);
        assert!(found.contains(wanted), "kubectl {arguments}\nwanted: {wanted}\nprinted: {found}");
    }
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}]
";

#[test]
fn kubectl_works_unmodified() {
    let server = Server::start(Shape::Secure);
    let Some(kubectl) = Kubectl::new(&server) else { return };
    let check = |arguments: &str, wanted: &str| kubectl.check(arguments, wanted);
    check("get nodes", "node-3");
    check("apply -f web.yaml", "deployment.apps/web created");
    check("apply -f web.yaml", "deployment.apps/web unchanged");
    check("rollout status deploy/web --timeout=60s", "successfully rolled out");
    check("get pods --no-headers", "1/1   Running");
    check("scale deploy web --replicas=3", "scaled");
    check("wait --for=jsonpath={.status.readyReplicas}=3 deploy/web --timeout=60s", "condition met");
    check("label deploy web tier=front", "labeled");
    check("describe deploy web", "3 desired | 3 updated | 3 total | 3 available");
    // These two send protobuf.
    check("create configmap cm --from-literal=a=b", "configmap/cm created");
    check("create deployment other --image=nginx", "deployment.apps/other created");
    check("auth can-i create pods", "yes");
    check("logs deploy/web", "start worker processes");
    check("exec deploy/web -- hostname", "web-");
    check("exec deploy/web -- curl -s localhost", "Welcome to nginx!");
    check("exec deploy/web -- nosuch", "executable file not found");
    check("exec deploy/web -- ls /nothing", "[exit 2]");
    check("get deploy nothing", "deployments.apps \"nothing\" not found");
    check("explain deploy.spec.strategy", "rollingUpdate");
    check("api-resources", "deployments");
    check("delete deploy web other", "deployment.apps \"web\" deleted");
}
