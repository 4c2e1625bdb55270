//! VolumeBinding, its pre-filter only: claims must be there and bound. Which volumes fit which node is not modelled.
//! Models plugins/volumebinding.

use crate::rows::PodRow;
use base::Text;
use model::resource::PERSISTENT_VOLUME_CLAIMS;
use store::Snapshot;

/// Why the pod cannot be placed anywhere yet, if so.
pub fn pre_filter(pod: &PodRow, snap: &Snapshot) -> Option<Text> {
    for volume in pod.spec["volumes"].items() {
        let claim = volume["persistentVolumeClaim"]["claimName"].s();
        if claim.is_empty() {
            continue;
        }
        match snap.find(&PERSISTENT_VOLUME_CLAIMS, &pod.key.namespace, claim) {
            None => return Some(format!("persistentvolumeclaim \"{claim}\" not found").into()),
            Some(found) if found.is_terminating() => {
                return Some(format!("persistentvolumeclaim \"{claim}\" is being deleted").into());
            }
            Some(found) if found.value["spec"]["volumeName"].s().is_empty() => {
                return Some("pod has unbound immediate PersistentVolumeClaims".into());
            }
            Some(_) => {}
        }
    }
    None
}
