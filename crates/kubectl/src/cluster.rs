//! In the making.
use crate::ctx::Ctx;
use crate::fail::{Run, plain};

pub(crate) fn version(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn info(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn top(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
