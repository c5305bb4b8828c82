//! The sorting order of the elements of lanes.

use crate::dtype::{Element, by_type};
use crate::error::Result;
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::scan::lanes::for_lanes;
use crate::registry::{Cpu, Kernel};
use crate::scratch::scratch;
use std::cmp::Ordering;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "argsort", outputs: 1, cpu: Cpu::Custom(argsort), wgsl: programs::ARGSORT }];

/// Integer 0: whether the largest comes first. Equal elements keep their order, NaN is the largest. A
/// shorter output gets the first ones.
fn argsort(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, argsort_as(launch))
}

fn argsort_as<T: Element>(launch: &mut Launch<'_>) -> Result {
    let descending = launch.ints()[0] != 0;
    for_lanes(launch, |x: &[T], out: &mut [i32]| {
        // Places tell equal elements apart; a stable sort would allocate memory in a way that cannot fail.
        let apart = |&a: &i32, &b: &i32| {
            let (x, y) = (x[a as usize], x[b as usize]);
            if descending { order(y, x) } else { order(x, y) }.then(a.cmp(&b))
        };
        let places = 0..x.len() as i32;
        if out.len() == x.len() {
            out.iter_mut().zip(places).for_each(|(out, place)| *out = place);
            out.sort_unstable_by(apart);
            return Ok(());
        }
        // Only what is asked for is put in order.
        let mut all = scratch(x.len())?;
        all.iter_mut().zip(places).for_each(|(to, place)| *to = place);
        let (first, last, _) = all.select_nth_unstable_by(out.len() - 1, apart);
        first.sort_unstable_by(apart);
        let (end, start) = (out.len() - 1, first.len());
        out[..start].copy_from_slice(first);
        out[end] = *last;
        Ok(())
    })
}

/// Smaller first; what does not compare with itself is NaN.
fn order<T: Element>(a: T, b: T) -> Ordering {
    let is_nan = |x: T| x.partial_cmp(&x).is_none();
    a.partial_cmp(&b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}
