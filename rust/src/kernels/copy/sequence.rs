//! Integers at equal distances.

use crate::cpu::{elements, for_chunks};
use crate::error::Result;
use crate::frame::Launch;
use crate::gpu::programs;
use crate::registry::{Cpu, Kernel};

pub(super) const ROWS: &[Kernel] = &[Kernel {
    name: "sequence",
    outputs: 1,
    cpu: Cpu::Custom(sequence),
    wgsl: programs::SEQUENCE,
}];

/// Integer 0: the first one, integer 1: the distance.
fn sequence(launch: &mut Launch<'_>) -> Result {
    let [first, step, ..] = launch.ints();
    for_chunks(elements::<i32>(launch.contiguous_output(0)?)?, |start, chunk| {
        for (place, out) in (start..).zip(chunk) {
            *out = first.wrapping_add(step.wrapping_mul(place as i32));
        }
    })
}
