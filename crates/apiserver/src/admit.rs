//! `admit`: from a request to a plan. One function per verb; the way is the same for all kinds.

use crate::{Context, Plan};
use api::{Request, Status};
use store::Snapshot;

/// Decides about one request on one snapshot.
pub fn admit(_snap: &Snapshot, request: &Request, _ctx: &mut Context) -> Plan {
    Status::unsupported(&format!("{:?} of {}", request.verb, request.group_resource())).into()
}
