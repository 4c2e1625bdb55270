//! Tables: what `kubectl get` prints, column by column. Models pkg/printers/internalversion/printers.go.

mod access;
mod batch;
mod cells;
mod network;
mod nodes;
mod pods;
mod scaling;
mod storage;
mod workloads;

use crate::kinds::Kind;
use base::Time;
use value::{List, Value, obj};

/// The columns of a kind and the function that fills them.
pub struct Printer {
    /// Names, separated by commas. `#` before a name: an integer, `?`: a boolean, `@`: a date; `*` behind: wide only.
    columns: &'static str,
    cells: Cells,
}

type Cells = fn(&Value, Time) -> Vec<Value>;

macro_rules! printers {
    ($($resource:literal $columns:literal $cells:path;)*) => {
        /// The printer of a resource; those that have none of their own show when they were created.
        pub fn printer(resource: &str) -> &'static Printer {
            match resource {
                $($resource => &Printer { columns: $columns, cells: $cells },)*
                _ => &Printer { columns: "Name,@Created At", cells: created },
            }
        }
    };
}

printers! {
    "pods" "Name,Ready,Status,Restarts,Age,IP*,Node*,Nominated Node*,Readiness Gates*" pods::pod;
    "podtemplates" "Name,Containers,Images,Pod Labels" workloads::pod_template;
    "nodes" "Name,Status,Roles,Age,Version,Internal-IP*,External-IP*,OS-Image*,Kernel-Version*,Container-Runtime*" nodes::node;
    "namespaces" "Name,Status,Age" nodes::namespace;
    "services" "Name,Type,Cluster-IP,External-IP,Port(s),Age,Selector*" network::service;
    "endpoints" "Name,Endpoints,Age" network::endpoints;
    "endpointslices.discovery.k8s.io" "Name,AddressType,Ports,Endpoints,Age" network::endpoint_slice;
    "ingresses.networking.k8s.io" "Name,Class,Hosts,Address,Ports,Age" network::ingress;
    "ingressclasses.networking.k8s.io" "Name,Controller,Parameters,Age" network::ingress_class;
    "networkpolicies.networking.k8s.io" "Name,Pod-Selector,Age" network::network_policy;
    "ipaddresses.networking.k8s.io" "Name,ParentRef,Age" network::ip_address;
    "servicecidrs.networking.k8s.io" "Name,CIDRs,Age" network::service_cidr;
    "deployments.apps" "Name,Ready,Up-to-date,Available,Age,Containers*,Images*,Selector*" workloads::deployment;
    "replicasets.apps" "Name,#Desired,#Current,#Ready,Age,Containers*,Images*,Selector*" workloads::replica_set;
    "replicationcontrollers" "Name,#Desired,#Current,#Ready,Age,Containers*,Images*,Selector*" workloads::replication_controller;
    "statefulsets.apps" "Name,Ready,Age,Containers*,Images*" workloads::stateful_set;
    "daemonsets.apps" "Name,#Desired,#Current,#Ready,#Up-to-date,#Available,Node Selector,Age,Containers*,Images*,Selector*" workloads::daemon_set;
    "controllerrevisions.apps" "Name,Controller,Revision,Age" workloads::controller_revision;
    "jobs.batch" "Name,Status,Completions,Duration,Age,Containers*,Images*,Selector*" batch::job;
    "cronjobs.batch" "Name,Schedule,Timezone,?Suspend,#Active,Last Schedule,Age,Containers*,Images*,Selector*" batch::cron_job;
    "horizontalpodautoscalers.autoscaling" "Name,Reference,Targets,MinPods,MaxPods,Replicas,Age" scaling::autoscaler;
    "poddisruptionbudgets.policy" "Name,Min Available,Max Unavailable,Allowed Disruptions,Age" scaling::disruption_budget;
    "configmaps" "Name,Data,Age" storage::config_map;
    "secrets" "Name,Type,Data,Age" storage::secret;
    "serviceaccounts" "Name,Age" storage::service_account;
    "events" "Last Seen,Type,Reason,Object,Subobject*,Source*,Message,First Seen*,Count*,Name*" storage::event;
    "persistentvolumes" "Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,Reason,Age,VolumeMode*" storage::persistent_volume;
    "persistentvolumeclaims" "Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,VolumeMode*" storage::persistent_volume_claim;
    "storageclasses.storage.k8s.io" "Name,Provisioner,ReclaimPolicy,VolumeBindingMode,?AllowVolumeExpansion,Age" storage::storage_class;
    "resourcequotas" "Name,Request,Limit,Age" storage::resource_quota;
    "leases.coordination.k8s.io" "Name,Holder,Age" access::lease;
    "priorityclasses.scheduling.k8s.io" "Name,#Value,?Global-Default,Age,PreemptionPolicy" access::priority_class;
    "rolebindings.rbac.authorization.k8s.io" "Name,Role,Age,Users*,Groups*,ServiceAccounts*" access::binding;
    "clusterrolebindings.rbac.authorization.k8s.io" "Name,Role,Age,Users*,Groups*,ServiceAccounts*" access::binding;
    "runtimeclasses.node.k8s.io" "Name,Handler,Age" access::runtime_class;
    "csidrivers.storage.k8s.io" "Name,?AttachRequired,?PodInfoOnMount,?StorageCapacity,TokenRequests,?RequiresRepublish,Modes,Age" storage::csi_driver;
    "validatingwebhookconfigurations.admissionregistration.k8s.io" "Name,#Webhooks,Age" access::webhooks;
    "mutatingwebhookconfigurations.admissionregistration.k8s.io" "Name,#Webhooks,Age" access::webhooks;
    "validatingadmissionpolicies.admissionregistration.k8s.io" "Name,#Validations,ParamKind,Age" access::admission_policy;
    "validatingadmissionpolicybindings.admissionregistration.k8s.io" "Name,PolicyName,ParamRef,Age" access::admission_policy_binding;
    "certificatesigningrequests.certificates.k8s.io" "Name,Age,SignerName,Requestor,RequestedDuration,Condition" access::signing_request;
    "apiservices.apiregistration.k8s.io" "Name,Service,Available,Age" access::api_service;
}

fn created(object: &Value, _now: Time) -> Vec<Value> {
    let meta = &object["metadata"];
    vec![meta["name"].clone(), meta["creationTimestamp"].clone()]
}

/// `columnDefinitions`. Descriptions are left out: no client shows them.
pub fn columns(printer: &Printer) -> Value {
    Value::List(printer.columns.split(',').map(column).collect::<List>())
}

fn column(text: &str) -> Value {
    let (name, wide) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
    let (kind, name) = match name.as_bytes().first() {
        Some(b'#') => ("integer", &name[1..]),
        Some(b'?') => ("boolean", &name[1..]),
        Some(b'@') => ("date", &name[1..]),
        _ => ("string", name),
    };
    let format = if name == "Name" { "name" } else { "" };
    obj! { "name" => name, "type" => kind, "format" => format, "description" => "", "priority" => i64::from(wide) }
}

/// The cells of one object.
pub fn cells(printer: &Printer, object: &Value, now: Time) -> List {
    (printer.cells)(object, now).into()
}

/// Finished pods are marked, so that clients can hide them.
pub fn row_conditions(kind: &Kind, object: &Value) -> Value {
    if kind.resource != "pods" {
        return Value::Null;
    }
    let (reason, message) = match object["status"]["phase"].s() {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Value::Null,
    };
    let done = obj! { "type" => "Completed", "status" => "True", "reason" => reason, "message" => message };
    Value::List(List::from(vec![done]))
}
