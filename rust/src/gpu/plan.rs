//! What a row tells the GPU of a launch, so that rows need no wgpu.
#![cfg_attr(not(feature = "gpu"), allow(dead_code))]

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Words of parameters of a dispatch: a uniform block of 256 bytes, the least alignment.
pub(crate) const WORDS: usize = 64;
/// Invocations of a workgroup.
pub(crate) const GROUP: usize = 256;
/// Workgroups along one axis that every device allows.
const MOST_GROUPS: usize = 65535;

/// An operand on the GPU.
pub(crate) struct Operand {
    pub(crate) handle: u32,
    pub(crate) dtype: DType,
    pub(crate) offset: usize,
    pub(crate) layout: Layout,
}

/// What a program is told beside its buffers, and how many workgroups run it.
pub(crate) struct Plan {
    pub(crate) words: [u32; WORDS],
    pub(crate) groups: [u32; 3],
}

/// So many workgroups along two axes.
pub(crate) fn spread(groups: usize) -> Result<[u32; 3]> {
    let rows = groups.div_ceil(MOST_GROUPS).max(1);
    Ok([groups_along(groups.div_ceil(rows))?, groups_along(rows)?, 1])
}

/// A number of workgroups along an axis.
pub(crate) fn groups_along(groups: usize) -> Result<u32> {
    if groups > MOST_GROUPS {
        return Err(Error::device(format!(
            "a launch of {groups} workgroups is over the {MOST_GROUPS} of one axis"
        )));
    }
    Ok(groups as u32)
}
