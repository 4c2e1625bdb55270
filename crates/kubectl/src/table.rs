//! Every command of kubectl 1.36 with its aliases, usage and flags: facts of the command line, one row each.
//!
//! A flag is `name/shorthand:type=default`. Types: `b` false by default, `B` true by default, `s` text, `i` number, `d` duration, `l` list cut
//! at commas, `a` list, `o` text that may be left out. `@print` and `@file` stand for the groups below.

/// One command.
pub(crate) struct Spec {
    pub path: &'static str,
    pub aliases: &'static str,
    pub usage: &'static str,
    pub summary: &'static str,
    pub flags: &'static str,
}

pub(crate) const GROUPS: &[(&str, &str)] = &[
    ("@print", "allow-missing-template-keys:B output/o:s show-managed-fields:b template:s"),
    ("@file", "filename/f:l kustomize/k:s recursive/R:b"),
];

/// Flags of every command.
pub(crate) const GLOBAL: &str = "as:s as-group:l as-uid:s as-user-extra:l cache-dir:s=$HOME/.kube/cache certificate-authority:s client-certificate:s client-key:s cluster:s context:s disable-compression:b insecure-skip-tls-verify:b kubeconfig:s kuberc:s log-flush-frequency:d=5s match-server-version:b namespace/n:s password:s profile:s=none profile-output:s=profile.pprof request-timeout:s=0 server/s:s tls-server-name:s token:s user:s username:s v/v:i=0 vmodule:s warnings-as-errors:b";

macro_rules! specs { ($($path:literal $aliases:literal $usage:literal $summary:literal $flags:literal;)*) => {
    pub(crate) const SPECS: &[Spec] = &[$(Spec { path: $path, aliases: $aliases, usage: $usage, summary: $summary, flags: $flags }),*];
}; }

specs! {
    "create" "" "-f FILENAME [options]" "Create a resource from a file or from stdin."
        "@print @file dry-run:o=none edit:b field-manager:s=kubectl-create raw:s save-config:b selector/l:s validate:o=strict windows-line-endings:b";
    "create clusterrole" "" "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] [options]" "Create a cluster role."
        "@print aggregation-rule:s dry-run:o=none field-manager:s=kubectl-create non-resource-url:l resource:l resource-name:l save-config:b validate:o=strict verb:l";
    "create clusterrolebinding" "" "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]" "Create a cluster role binding for a particular cluster role."
        "@print clusterrole:s dry-run:o=none field-manager:s=kubectl-create group:l save-config:b serviceaccount:l user:l validate:o=strict";
    "create configmap" "cm" "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]" "Create a config map based on a file, directory, or specified literal value."
        "@print append-hash:b dry-run:o=none field-manager:s=kubectl-create from-env-file:l from-file:l from-literal:a save-config:b validate:o=strict";
    "create cronjob" "cj" "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags] [options]" "Create a cron job with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create image:s restart:s save-config:b schedule:s validate:o=strict";
    "create deployment" "deploy" "NAME --image=image -- [COMMAND] [args...] [options]" "Create a deployment with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create image:l port:i=-1 replicas/r:i=1 save-config:b validate:o=strict";
    "create ingress" "ing" "NAME --rule=host/path=service:port[,tls[=secret]]  [options]" "Create an ingress with the specified name."
        "@print annotation:a class:s default-backend:s dry-run:o=none field-manager:s=kubectl-create rule:a save-config:b validate:o=strict";
    "create job" "" "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]" "Create a job with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create from:s image:s save-config:b validate:o=strict";
    "create namespace" "ns" "NAME [--dry-run=server|client|none] [options]" "Create a namespace with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create save-config:b validate:o=strict";
    "create poddisruptionbudget" "pdb" "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none] [options]" "Create a pod disruption budget with the specified name, selector, and desired minimum available pods."
        "@print dry-run:o=none field-manager:s=kubectl-create max-unavailable:s min-available:s save-config:b selector:s validate:o=strict";
    "create priorityclass" "pc" "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]" "Create a priority class with the specified name, value, globalDefault and description."
        "@print description:s dry-run:o=none field-manager:s=kubectl-create global-default:b preemption-policy:s=PreemptLowerPriority save-config:b validate:o=strict value:i=0";
    "create quota" "resourcequota" "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none] [options]" "Create a resource quota with the specified name, hard limits, and optional scopes."
        "@print dry-run:o=none field-manager:s=kubectl-create hard:s save-config:b scopes:s validate:o=strict";
    "create role" "" "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none] [options]" "Create a role with single rule."
        "@print dry-run:o=none field-manager:s=kubectl-create resource:l resource-name:l save-config:b validate:o=strict verb:l";
    "create rolebinding" "" "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]" "Create a role binding for a particular role or cluster role."
        "@print clusterrole:s dry-run:o=none field-manager:s=kubectl-create group:l role:s save-config:b serviceaccount:l user:l validate:o=strict";
    "create secret" "" "(docker-registry | generic | tls) [options]" "Create a secret with specified type."
        "";
    "create secret docker-registry" "" "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none] [options]" "Create a new secret for use with Docker registries."
        "@print append-hash:b docker-email:s docker-password:s docker-server:s=https://index.docker.io/v1/ docker-username:s dry-run:o=none field-manager:s=kubectl-create from-file:l save-config:b validate:o=strict";
    "create secret generic" "" "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]" "Create a secret based on a file, directory, or specified literal value."
        "@print append-hash:b dry-run:o=none field-manager:s=kubectl-create from-env-file:l from-file:l from-literal:a save-config:b type:s validate:o=strict";
    "create secret tls" "" "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none] [options]" "Create a TLS secret from the given public/private key pair."
        "@print append-hash:b cert:s dry-run:o=none field-manager:s=kubectl-create key:s save-config:b validate:o=strict";
    "create service" "svc" "[flags] [options]" "Create a service using a specified subcommand."
        "";
    "create service clusterip" "" "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]" "Create a ClusterIP service with the specified name."
        "@print clusterip:s dry-run:o=none field-manager:s=kubectl-create save-config:b tcp:l validate:o=strict";
    "create service externalname" "" "NAME --external-name external.name [--dry-run=server|client|none] [options]" "Create an ExternalName service with the specified name."
        "@print dry-run:o=none external-name:s field-manager:s=kubectl-create save-config:b tcp:l validate:o=strict";
    "create service loadbalancer" "" "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]" "Create a LoadBalancer service with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create save-config:b tcp:l validate:o=strict";
    "create service nodeport" "" "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]" "Create a NodePort service with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create node-port:i=0 save-config:b tcp:l validate:o=strict";
    "create serviceaccount" "sa" "NAME [--dry-run=server|client|none] [options]" "Create a service account with the specified name."
        "@print dry-run:o=none field-manager:s=kubectl-create save-config:b validate:o=strict";
    "create token" "" "SERVICE_ACCOUNT_NAME [options]" "Request a service account token."
        "@print audience:l bound-object-kind:s bound-object-name:s bound-object-uid:s duration:d=0s";
    "expose" "" "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]" "Expose a resource as a new Kubernetes service."
        "@print @file cluster-ip:s dry-run:o=none external-ip:s field-manager:s=kubectl-expose labels/l:s load-balancer-ip:s name:s override-type:s=merge overrides:s port:s protocol:s save-config:b selector:s session-affinity:s target-port:s type:s";
    "run" "" "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]" "Create and run a particular image in a pod."
        "@print @file annotations:a attach:b cascade:o=background command:b detach-keys:s=ctrl-p,ctrl-q dry-run:o=none env:a expose:b field-manager:s=kubectl-run force:b grace-period:i=-1 image:s image-pull-policy:s labels/l:s leave-stdin-open:b override-type:s=merge overrides:s pod-running-timeout:d=1m0s port:s privileged:b quiet/q:b restart:s=Always rm:b save-config:b stdin/i:b timeout:d=0s tty/t:b wait:b";
    "set" "" "SUBCOMMAND [options]" "Configure application resources."
        "";
    "set env" "" "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]" "Update environment variables on a pod template."
        "@print @file all:b containers/c:s=* dry-run:o=none env/e:a field-manager:s=kubectl-set from:s keys:l list:b local:b overwrite:B prefix:s resolve:b selector/l:s";
    "set image" "" "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]" "Update existing container image(s) of resources."
        "@print @file all:b dry-run:o=none field-manager:s=kubectl-set local:b selector/l:s";
    "set resources" "" "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS] [options]" "Specify compute resource requirements (CPU, memory) for any resource that defines a pod template.  If a pod is successfully scheduled, it is guaranteed the amount of resource requested, but may burst up to its specified limits."
        "@print @file all:b containers/c:s=* dry-run:o=none field-manager:s=kubectl-set limits:s local:b requests:s selector/l:s";
    "set selector" "" "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]" "Set the selector on a resource. Note that the new selector will overwrite the old selector if the resource had one prior to the invocation of 'set selector'."
        "@print all:b dry-run:o=none field-manager:s=kubectl-set filename/f:l local:b recursive/R:B resource-version:s";
    "set serviceaccount" "sa" "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]" "Update the service account of pod template resources."
        "@print @file all:b dry-run:o=none field-manager:s=kubectl-set local:b";
    "set subject" "" "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]" "Update the user, group, or service account in a role binding or cluster role binding."
        "@print @file all:b dry-run:o=none field-manager:s=kubectl-set group:l local:b selector/l:s serviceaccount:l user:l";
    "explain" "" "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]" "Describe fields and structure of various resources."
        "api-version:s output/o:s=plaintext recursive/R:b";
    "get" "" "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]" "Display one or many resources."
        "@print @file all-namespaces/A:b chunk-size:i=500 field-selector:s ignore-not-found:b label-columns/L:l no-headers:b output-watch-events:b raw:s selector/l:s server-print:B show-kind:b show-labels:b sort-by:s subresource:s watch/w:b watch-only:b";
    "edit" "" "(RESOURCE/NAME | -f FILENAME) [options]" "Edit a resource from the default editor."
        "@print @file field-manager:s=kubectl-edit output-patch:b save-config:b subresource:s validate:o=strict windows-line-endings:b";
    "delete" "" "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]" "Delete resources by file names, stdin, resources and names, or by resources and label selector."
        "@file all:b all-namespaces/A:b cascade:o=background dry-run:o=none field-selector:s force:b grace-period:i=-1 ignore-not-found:b interactive/i:b now:b output/o:s raw:s selector/l:s timeout:d=0s wait:B";
    "rollout" "" "SUBCOMMAND [options]" "Manage the rollout of one or many resources."
        "";
    "rollout history" "" "(TYPE NAME | TYPE/NAME) [flags] [options]" "View previous rollout revisions and configurations."
        "@print @file revision:i=0 selector/l:s";
    "rollout pause" "" "RESOURCE [options]" "Mark the provided resource as paused."
        "@print @file field-manager:s=kubectl-rollout selector/l:s";
    "rollout restart" "" "RESOURCE [options]" "Restart a resource."
        "@print @file field-manager:s=kubectl-rollout selector/l:s";
    "rollout resume" "" "RESOURCE [options]" "Resume a paused resource."
        "@print @file field-manager:s=kubectl-rollout selector/l:s";
    "rollout status" "" "(TYPE NAME | TYPE/NAME) [flags] [options]" "Show the status of the rollout."
        "@file revision:i=0 selector/l:s timeout:d=0s watch/w:B";
    "rollout undo" "" "(TYPE NAME | TYPE/NAME) [flags] [options]" "Roll back to a previous rollout."
        "@print @file dry-run:o=none selector/l:s to-revision:i=0";
    "scale" "" "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]" "Set a new size for a deployment, replica set, replication controller, or stateful set."
        "@print @file all:b current-replicas:i=-1 dry-run:o=none replicas:i=0 resource-version:s selector/l:s timeout:d=0s";
    "autoscale" "" "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]" "Creates an autoscaler that automatically chooses and sets the number of pods that run in a Kubernetes cluster. The command will attempt to use the autoscaling/v2 API first, in case of an error, it will fall back to autoscaling/v1 API."
        "@print @file cpu:s cpu-percent:i=-1 dry-run:o=none field-manager:s=kubectl-autoscale max:i=-1 memory:s min:i=-1 name:s save-config:b";
    "certificate" "" "SUBCOMMAND [options]" "Modify certificate resources."
        "";
    "certificate approve" "" "(-f FILENAME | NAME) [options]" "Approve a certificate signing request."
        "@print @file force:b";
    "certificate deny" "" "(-f FILENAME | NAME) [options]" "Deny a certificate signing request."
        "@print @file force:b";
    "cluster-info" "" "[flags] [options]" "Display addresses of the control plane and services with label kubernetes.io/cluster-service=true. To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'."
        "";
    "cluster-info dump" "" "[flags] [options]" "Dump cluster information out suitable for debugging and diagnosing cluster problems.  By default, dumps everything to stdout. You can optionally specify a directory with --output-directory.  If you specify a directory, Kubernetes will build a set of files in that directory.  By default, only dumps things in the current namespace and 'kube-system' namespace, but you can switch to a different namespace with the --namespaces flag, or specify --all-namespaces to dump all namespaces."
        "all-namespaces/A:b allow-missing-template-keys:B namespaces:l output/o:s=json output-directory:s pod-running-timeout:d=20s show-managed-fields:b template:s";
    "top" "" "[flags] [options]" "Display resource (CPU/memory) usage."
        "";
    "top node" "nodes no" "[NAME | -l label] [options]" "Display resource (CPU/memory) usage of nodes."
        "no-headers:b selector/l:s show-capacity:b show-swap:b sort-by:s use-protocol-buffers:B";
    "top pod" "pods po" "[NAME | -l label] [options]" "Display resource (CPU/memory) usage of pods."
        "all-namespaces/A:b containers:b field-selector:s no-headers:b selector/l:s show-swap:b sort-by:s sum:b use-protocol-buffers:B";
    "cordon" "" "NODE [options]" "Mark node as unschedulable."
        "dry-run:o=none selector/l:s";
    "uncordon" "" "NODE [options]" "Mark node as schedulable."
        "dry-run:o=none selector/l:s";
    "drain" "" "NODE [options]" "Drain node in preparation for maintenance."
        "chunk-size:i=500 delete-emptydir-data:b disable-eviction:b dry-run:o=none force:b grace-period:i=-1 ignore-daemonsets:b pod-selector:s selector/l:s skip-wait-for-delete-timeout:i=0 timeout:d=0s";
    "taint" "" "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]" "Update the taints on one or more nodes."
        "@print all:b dry-run:o=none field-manager:s=kubectl-taint overwrite:b selector/l:s validate:o=strict";
    "describe" "" "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]" "Show details of a specific resource or group of resources."
        "@file all-namespaces/A:b chunk-size:i=500 selector/l:s show-events:B";
    "logs" "" "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]" "Print the logs for a container in a pod or specified resource. If the pod has only one container, the container name is optional."
        "all-containers:b all-pods:b container/c:s follow/f:b ignore-errors:b insecure-skip-tls-verify-backend:b limit-bytes:i=0 max-log-requests:i=5 pod-running-timeout:d=20s prefix:b previous/p:b selector/l:s since:d=0s since-time:s tail:i=-1 timestamps:b";
    "attach" "" "(POD | TYPE/NAME) -c CONTAINER [options]" "Attach to a process that is already running inside an existing container."
        "container/c:s detach-keys:s=ctrl-p,ctrl-q pod-running-timeout:d=1m0s quiet/q:b stdin/i:b tty/t:b";
    "exec" "" "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]" "Execute a command in a container."
        "container/c:s filename/f:l pod-running-timeout:d=1m0s quiet/q:b stdin/i:b tty/t:b";
    "port-forward" "" "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]" "Forward one or more local ports to a pod."
        "address:l pod-running-timeout:d=1m0s";
    "proxy" "" "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]" "Creates a proxy server or application-level gateway between localhost and the Kubernetes API server. It also allows serving static content over specified HTTP path. All incoming data enters through one port and gets forwarded to the remote Kubernetes API server port, except for the path matching the static content path."
        "accept-hosts:s=^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$ accept-paths:s=^.* address:s=127.0.0.1 api-prefix:s=/ append-server-path:b disable-filter:b keepalive:d=0s port/p:i=8001 reject-methods:s=^$ reject-paths:s=^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach unix-socket/u:s www/w:s www-prefix/P:s=/static/";
    "cp" "" "<file-spec-src> <file-spec-dest> [options]" "Copy files and directories to and from containers."
        "container/c:s no-preserve:b retries:i=0";
    "auth" "" "[flags] [options]" "Inspect authorization."
        "";
    "auth can-i" "" "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]" "Check whether an action is allowed."
        "all-namespaces/A:b list:b no-headers:b quiet/q:b subresource:s";
    "auth reconcile" "" "-f FILENAME [options]" "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects."
        "@print @file dry-run:o=none remove-extra-permissions:b remove-extra-subjects:b";
    "auth whoami" "" "[options]" "Experimental: Check who you are and your attributes (groups, extra)."
        "@print";
    "debug" "" "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]" "Debug cluster resources using interactive debugging containers."
        "arguments-only:b attach:b container/c:s copy-to:s custom:s env:l filename/f:l image:s image-pull-policy:s keep-annotations:b keep-init-containers:B keep-labels:b keep-liveness:b keep-readiness:b keep-startup:b profile:s=general quiet/q:b replace:b same-node:b set-image:l share-processes:B stdin/i:b target:s tty/t:b";
    "events" "" "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]" "Display events."
        "@print all-namespaces/A:b chunk-size:i=500 for:s no-headers:b types:l watch/w:b";
    "diff" "" "-f FILENAME [options]" "Diff configurations specified by file name or stdin between the current online configuration, and the configuration as it would be if applied."
        "@file concurrency:i=1 field-manager:s=kubectl-client-side-apply force-conflicts:b prune:b prune-allowlist:l selector/l:s server-side:b show-managed-fields:b show-secrets:b";
    "apply" "" "(-f FILENAME | -k DIRECTORY) [options]" "Apply a configuration to a resource by file name or stdin. The resource name must be specified. This resource will be created if it doesn't exist yet. To use 'apply', always create the resource initially with either 'apply' or 'create --save-config'."
        "@print @file all:b cascade:o=background dry-run:o=none field-manager:s=kubectl-client-side-apply force:b force-conflicts:b grace-period:i=-1 openapi-patch:B overwrite:B prune:b prune-allowlist:l selector/l:s server-side:b subresource:s timeout:d=0s validate:o=strict wait:b";
    "apply edit-last-applied" "" "(RESOURCE/NAME | -f FILENAME) [options]" "Edit the latest last-applied-configuration annotations of resources from the default editor."
        "@print @file field-manager:s=kubectl-client-side-apply validate:o=strict windows-line-endings:b";
    "apply set-last-applied" "" "-f FILENAME [options]" "Set the latest last-applied-configuration annotations by setting it to match the contents of a file. This results in the last-applied-configuration being updated as though 'kubectl apply -f<file> ' was run, without updating any other parts of the object."
        "@print create-annotation:b dry-run:o=none filename/f:l";
    "apply view-last-applied" "" "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]" "View the latest last-applied-configuration annotations by type/name or file."
        "@file all:b output/o:s=yaml selector/l:s";
    "patch" "" "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]" "Update fields of a resource using strategic merge patch, a JSON merge patch, or a JSON patch."
        "@print @file dry-run:o=none field-manager:s=kubectl-patch local:b patch/p:s patch-file:s subresource:s type:s=strategic";
    "replace" "" "-f FILENAME [options]" "Replace a resource by file name or stdin."
        "@print @file cascade:o=background dry-run:o=none field-manager:s=kubectl-replace force:b grace-period:i=-1 raw:s save-config:b subresource:s timeout:d=0s validate:o=strict wait:b";
    "wait" "" "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]" "Wait for a specific condition on one or many resources."
        "@print all:b all-namespaces/A:b field-selector:s filename/f:l for:l local:b recursive/R:B selector/l:s timeout:d=30s";
    "kustomize" "" "DIR [flags] [options]" "Build a set of KRM resources using a 'kustomization.yaml' file. The DIR argument must be a path to a directory containing 'kustomization.yaml', or a git repository URL with a path suffix specifying same with respect to the repository root. If DIR is omitted, '.' is assumed."
        "as-current-user:b enable-alpha-plugins:b enable-helm:b env/e:l helm-api-versions:l helm-command:s=helm helm-debug:b helm-kube-version:s load-restrictor:s=LoadRestrictionsRootOnly mount:l network:b network-name:s=bridge output/o:s";
    "label" "" "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]" "Update the labels on a resource."
        "@print @file all:b all-namespaces/A:b dry-run:o=none field-manager:s=kubectl-label field-selector:s list:b local:b overwrite:b resource-version:s selector/l:s";
    "annotate" "" "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]" "Update the annotations on one or more resources."
        "@print @file all:b all-namespaces/A:b dry-run:o=none field-manager:s=kubectl-annotate field-selector:s list:b local:b overwrite:b resource-version:s selector/l:s";
    "completion" "" "SHELL [options]" "Output shell completion code for the specified shell (bash, zsh, fish, or powershell). The shell code must be evaluated to provide interactive completion of kubectl commands.  This can be done by sourcing it from the .bash_profile."
        "";
    "api-resources" "" "[flags] [options]" "Print the supported API resources on the server."
        "api-group:s cached:b categories:l namespaced:B no-headers:b output/o:s show-managed-fields:b sort-by:s verbs:l";
    "api-versions" "" "[options]" "Print the supported API versions on the server, in the form of \"group/version\"."
        "";
    "config" "" "SUBCOMMAND [options]" "Modify kubeconfig files using subcommands like \"kubectl config set current-context my-context\"."
        "";
    "config current-context" "" "[flags] [options]" "Display the current-context."
        "";
    "config delete-cluster" "" "NAME [options]" "Delete the specified cluster from the kubeconfig."
        "";
    "config delete-context" "" "NAME [options]" "Delete the specified context from the kubeconfig."
        "";
    "config delete-user" "" "NAME [options]" "Delete the specified user from the kubeconfig."
        "";
    "config get-clusters" "" "[flags] [options]" "Display clusters defined in the kubeconfig."
        "";
    "config get-contexts" "" "[(-o|--output=)name)] [options]" "Display one or many contexts from the kubeconfig file."
        "no-headers:b output/o:s";
    "config get-users" "" "[flags] [options]" "Display users defined in the kubeconfig."
        "";
    "config rename-context" "" "CONTEXT_NAME NEW_NAME [options]" "Renames a context from the kubeconfig file."
        "";
    "config set" "" "PROPERTY_NAME PROPERTY_VALUE [options]" "Set an individual value in a kubeconfig file."
        "set-raw-bytes:b";
    "config set-cluster" "" "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]" "Set a cluster entry in kubeconfig."
        "certificate-authority:s embed-certs:b insecure-skip-tls-verify:b proxy-url:s server:s tls-server-name:s";
    "config set-context" "" "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]" "Set a context entry in kubeconfig."
        "cluster:s current:b namespace/n:s user:s";
    "config set-credentials" "" "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value] [options]" "Set a user entry in kubeconfig."
        "auth-provider:s auth-provider-arg:l client-certificate:s client-key:s embed-certs:b exec-api-version:s exec-arg:a exec-command:s exec-env:a exec-interactive-mode:s exec-provide-cluster-info:b password:s token:s username:s";
    "config unset" "" "PROPERTY_NAME [options]" "Unset an individual value in a kubeconfig file."
        "";
    "config use-context" "use" "CONTEXT_NAME [options]" "Set the current-context in a kubeconfig file."
        "";
    "config view" "" "[flags] [options]" "Display merged kubeconfig settings or a specified kubeconfig file."
        "allow-missing-template-keys:B flatten:b merge:B minify:b output/o:s=yaml raw:b show-managed-fields:b template:s";
    "kuberc" "" "SUBCOMMAND [options]" "Manage user preferences (kuberc) file."
        "";
    "kuberc set" "" "--section (defaults|aliases) --command COMMAND [options]" "Set values in the kuberc configuration file."
        "allowlist-entry:l appendarg:l command:s kuberc:s name:s option:l overwrite:b policy:s prependarg:l section:s";
    "kuberc view" "" "[options]" "Display the contents of the kuberc file in the specified output format."
        "allow-missing-template-keys:B kuberc:s output/o:s=yaml show-managed-fields:b template:s";
    "plugin" "" "[flags] [options]" "Provides utilities for interacting with plugins."
        "";
    "plugin list" "" "[flags] [options]" "List all available plugin files on a user's PATH. To see plugins binary names without the full path use --name-only flag."
        "name-only:b";
    "version" "" "[flags] [options]" "Print the client and server version information for the current context."
        "client:b output/o:s";
}
