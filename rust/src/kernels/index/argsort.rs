//! The sorting order of the elements of lanes.

use crate::dtype::{Element, by_type};
use crate::error::Result;
use crate::frame::Launch;
use crate::gpu::programs;
use crate::kernels::scan::lanes::for_lanes;
use crate::registry::{Cpu, Kernel};
use crate::scratch::room;

pub(super) const ROWS: &[Kernel] =
    &[Kernel { name: "argsort", outputs: 1, cpu: Cpu::Custom(argsort), wgsl: programs::ARGSORT }];

/// Integer 0: whether the largest comes first. Equal elements keep their order, and NaN is the
/// largest. A shorter output gets the first ones.
fn argsort(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, argsort_as(launch))
}

fn argsort_as<T: Ranked>(launch: &mut Launch<'_>) -> Result {
    let flipped = if launch.ints()[0] != 0 { T::LAST } else { 0 };
    let rank = |x: T| x.rank() ^ flipped;
    if T::LAST <= u64::from(u32::MAX) {
        order(launch, |x, place| rank(x) << 32 | u64::from(place), |key| key as i32)
    } else {
        order(launch, |x, place| u128::from(rank(x)) << 32 | u128::from(place), |key| key as i32)
    }
}

/// Sorts by keys of elements and their positions, which distinguish equal elements; the key
/// contains the position. A stable sort would allocate memory in a way that cannot fail.
fn order<T: Element, K: Copy + Ord>(
    launch: &mut Launch<'_>,
    key: impl Fn(T, u32) -> K + Sync,
    place: impl Fn(K) -> i32 + Sync,
) -> Result {
    for_lanes(launch, |keys: &mut Vec<K>, x: &[T], out: &mut [i32]| {
        if keys.capacity() == 0 {
            *keys = room(x.len())?;
        }
        keys.clear();
        keys.extend(x.iter().zip(0..).map(|(&x, place)| key(x, place)));
        first_in_order(keys, out.len());
        out.iter_mut().zip(&*keys).for_each(|(out, &key)| *out = place(key));
        Ok(())
    })
}

/// Sorts the first ones, with all others after them.
fn first_in_order<K: Ord>(keys: &mut [K], count: usize) {
    if count < keys.len() {
        keys.select_nth_unstable(count);
    }
    keys[..count].sort_unstable();
}

/// An element type that can be mapped to unsigned integers in the same order.
trait Ranked: Element {
    /// The largest rank.
    const LAST: u64;
    /// The smaller the element, the smaller its rank. Both zeros have the same, and NaN has the
    /// largest.
    fn rank(self) -> u64;
}

impl Ranked for u8 {
    const LAST: u64 = u32::MAX as u64;
    fn rank(self) -> u64 {
        self.into()
    }
}

impl Ranked for i32 {
    const LAST: u64 = u32::MAX as u64;
    fn rank(self) -> u64 {
        u64::from(self.cast_unsigned() ^ 1 << 31)
    }
}

impl Ranked for f32 {
    const LAST: u64 = u32::MAX as u64;
    fn rank(self) -> u64 {
        let bits = (self + 0.0).to_bits();
        let rank = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
        if self.is_nan() { Self::LAST } else { rank.into() }
    }
}

impl Ranked for f64 {
    const LAST: u64 = u64::MAX;
    fn rank(self) -> u64 {
        let bits = (self + 0.0).to_bits();
        let rank = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        if self.is_nan() { Self::LAST } else { rank }
    }
}
