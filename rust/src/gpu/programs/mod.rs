//! The programs, which turn a launch of a row into dispatches on the GPU.
#![cfg_attr(not(feature = "gpu"), allow(dead_code))]

mod across;
mod elementwise;
mod fills;
mod index;
mod lanes;
mod layer_norm;
mod matmul;
mod optim;
mod reduce;
mod rows;
mod scan;
mod sort;
mod window;

use super::plan::{Operand, Stage};
use crate::error::Result;
use crate::frame::Frame;
use crate::registry::Wgsl;

#[cfg(feature = "gpu")]
pub(crate) use elementwise::elementwise;

/// The entry point of programs that have a function `run`.
const MAIN: &str = include_str!("main.wgsl");

type Plan = fn(&Frame<'_>, &[Operand]) -> Result<Vec<Stage>>;

const fn program(source: &'static str, plan: Plan) -> Wgsl {
    Wgsl::Program { source, plan }
}

pub(crate) const SUM: Wgsl = program(reduce::REDUCE_SOURCE, reduce::sum);
pub(crate) const MAX: Wgsl = program(reduce::REDUCE_SOURCE, reduce::extreme::<true>);
pub(crate) const MIN: Wgsl = program(reduce::REDUCE_SOURCE, reduce::extreme::<false>);
pub(crate) const MATMUL: Wgsl = program(matmul::MATMUL_SOURCE, matmul::matmul);
pub(crate) const SOFTMAX: Wgsl = program(rows::ROWS_SOURCE, rows::softmax::<false>);
pub(crate) const LOG_SOFTMAX: Wgsl = program(rows::ROWS_SOURCE, rows::softmax::<true>);
pub(crate) const SOFTMAX_GRAD: Wgsl = program(rows::ROWS_SOURCE, rows::softmax_grad::<false>);
pub(crate) const LOG_SOFTMAX_GRAD: Wgsl = program(rows::ROWS_SOURCE, rows::softmax_grad::<true>);
pub(crate) const LOGSUMEXP: Wgsl = program(rows::ROWS_SOURCE, rows::logsumexp);
pub(crate) const CROSS_ENTROPY: Wgsl = program(rows::ROWS_SOURCE, rows::cross_entropy);
pub(crate) const CROSS_ENTROPY_GRAD: Wgsl = program(rows::ROWS_SOURCE, rows::cross_entropy_grad);
pub(crate) const GATHER: Wgsl = program(index::INDEX_SOURCE, index::gather);
pub(crate) const SCATTER: Wgsl = program(index::INDEX_SOURCE, index::scatter::<false>);
pub(crate) const SCATTER_ADD: Wgsl = program(index::INDEX_SOURCE, index::scatter::<true>);
pub(crate) const CUMSUM: Wgsl = program(scan::SCAN_SOURCE, scan::cumsum);
pub(crate) const CUMPROD: Wgsl = program(scan::SCAN_SOURCE, scan::cumprod);
pub(crate) const ARGSORT: Wgsl = program(sort::TILES_SOURCE, sort::argsort);
pub(crate) const SGD: Wgsl = program(optim::STEP_SOURCE, optim::sgd);
pub(crate) const SGD_MOMENTUM: Wgsl = program(optim::STEP_SOURCE, optim::sgd_momentum);
pub(crate) const ADAM: Wgsl = program(optim::STEP_SOURCE, optim::adam);
pub(crate) const LAYER_NORM: Wgsl = program(layer_norm::LAYER_NORM_SOURCE, layer_norm::layer_norm);
pub(crate) const LAYER_NORM_GRAD: Wgsl =
    program(layer_norm::LAYER_NORM_SOURCE, layer_norm::layer_norm_grad);
pub(crate) const UNIFORM: Wgsl = program(fills::FILL_SOURCE, fills::uniform);
pub(crate) const NORMAL: Wgsl = program(fills::FILL_SOURCE, fills::normal);
pub(crate) const INTEGERS: Wgsl = program(fills::FILL_SOURCE, fills::integers);
pub(crate) const SEQUENCE: Wgsl = program(fills::FILL_SOURCE, fills::sequence);
pub(crate) const CONV: Wgsl = program(matmul::MATMUL_SOURCE, window::conv);
pub(crate) const CONV_INPUT: Wgsl = program(matmul::MATMUL_SOURCE, window::conv_input);
pub(crate) const CONV_WEIGHT: Wgsl = program(matmul::MATMUL_SOURCE, window::conv_weight);
pub(crate) const MAX_POOL: Wgsl = program(window::POOL_SOURCE, window::max_pool);
pub(crate) const SUM_POOL: Wgsl = program(window::POOL_SOURCE, window::sum_pool);
pub(crate) const SUM_POOL_INPUT: Wgsl = program(window::POOL_SOURCE, window::sum_pool_input);
