//! Interned names: the field names and words that almost every object repeats are static and cost no memory.

use crate::map::search;
use base::{Text, text};

macro_rules! words {
    ($($word:literal)*) => { static WORDS: &[Text] = &[$(text!($word)),*]; };
}

// Sorted by byte value; a test checks it.
words! {
    "" "Always" "ClusterFirst" "ClusterIP" "ConfigMap" "ContainersReady" "Deployment" "False" "IfNotPresent" "Initialized"
    "Node" "OnFailure" "Pending" "Pod" "PodReadyToStartContainers" "PodScheduled" "Ready" "ReplicaSet" "Running" "Secret" "Service" "TCP" "True"
    "addresses" "annotations" "apiVersion" "app" "apps/v1" "args" "blockOwnerDeletion" "command" "conditions" "containerID" "containerPort"
    "containerStatuses" "containers" "controller" "creationTimestamp" "data" "default" "default-scheduler" "deletionGracePeriodSeconds"
    "deletionTimestamp" "dnsPolicy" "enableServiceLinks" "endpoints" "env" "exec" "fieldRef" "finalizers" "generateName"
    "generation" "hostIP" "hostIPs" "httpGet" "image" "imageID" "imagePullPolicy" "initContainerStatuses" "initContainers" "ip" "items" "key" "kind"
    "labels" "lastProbeTime" "lastState" "lastTransitionTime" "limits" "livenessProbe" "managedFields" "matchLabels" "message" "metadata" "mountPath" "name"
    "namespace" "nodeName" "nodeSelector" "observedGeneration" "ownerReferences" "phase" "pod-template-hash" "podIP" "podIPs" "port" "ports"
    "preemptionPolicy" "priority" "protocol" "qosClass" "readOnly" "readinessProbe" "ready" "reason" "replicas" "requests" "resourceVersion" "resources"
    "restartCount" "restartPolicy" "running" "schedulerName" "securityContext" "selector" "serviceAccount" "serviceAccountName" "spec" "startTime"
    "started" "startedAt" "state" "status" "strategy" "targetPort" "template" "terminationGracePeriodSeconds" "terminationMessagePath"
    "terminationMessagePolicy" "tolerationSeconds" "tolerations" "type" "uid" "v1" "value" "valueFrom" "volumeMounts" "volumes" "waiting"
}

/// Nothing longer is among the words.
const LONGEST: usize = 29;

/// The shared form of a text: static for well-known words, allocated otherwise.
pub fn name(s: &str) -> Text {
    if s.len() > LONGEST {
        return Text::from(s);
    }
    match search(WORDS.len(), |at| WORDS[at].as_bytes(), s.as_bytes()) {
        Ok(at) => WORDS[at].clone(),
        Err(_) => Text::from(s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(WORDS.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(WORDS.iter().map(|w| w.len()).max(), Some(LONGEST));
        assert!(Text::ptr_eq(&name("metadata"), &name("metadata")));
    }
}
