//! In the making.
use crate::ctx::Ctx;
use crate::fail::{Run, plain};

pub(crate) fn labels(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn annotations(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
