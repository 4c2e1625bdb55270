//! In the making.
use crate::ctx::Ctx;
use crate::fail::{Run, plain};

pub(crate) fn resources(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn versions(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
