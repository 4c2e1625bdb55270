//! In the making.
use crate::ctx::Ctx;
use crate::fail::{Run, plain};

pub(crate) fn drain(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn taint(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn cordon(ctx: &mut Ctx, _: bool) -> Run {
    drain(ctx)
}
