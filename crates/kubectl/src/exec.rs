//! In the making.
use crate::ctx::Ctx;
use crate::fail::{Run, plain};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn attach(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn port_forward(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn cp(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
pub(crate) fn debug(ctx: &mut Ctx) -> Run {
    plain(format!("kubectl {} is not supported here", ctx.spec.path))
}
