//! Pools: the largest element of each window and its position, and the sum of each window with its
//! gradient.

use super::geometry::{SPACE, Window, whole};
use crate::cpu::{GRAIN, elements, for_parts};
use crate::dtype::{Element, by_type};
use crate::error::{Error, Result};
use crate::frame::{Launch, View, ViewMut};
use crate::gpu::programs;
use crate::kernels::elementwise::math::Real;
use crate::layout::Layout;
use crate::registry::{Cpu, Kernel};
use crate::scratch::in_order;

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "max_pool", outputs: 2, cpu: Cpu::Custom(max_pool), wgsl: programs::MAX_POOL },
    Kernel { name: "sum_pool", outputs: 1, cpu: Cpu::Custom(sum_pool), wgsl: programs::SUM_POOL },
    Kernel {
        name: "sum_pool_input",
        outputs: 1,
        cpu: Cpu::Custom(sum_pool_input),
        wgsl: programs::SUM_POOL_INPUT,
    },
];

fn max_pool(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, max_pool_as(launch))
}

fn sum_pool(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, sum_pool_as(launch))
}

fn sum_pool_input(launch: &mut Launch<'_>) -> Result {
    by_type!(float launch.input_type(0)?, sum_pool_input_as(launch))
}

/// The window between an input and an output of shape [N, C, space]; floats 3 to 5: its extents.
fn window(launch: &Launch<'_>, x: &Layout, y: &Layout) -> Result<Window> {
    let same = |axis: usize| x.extent(axis) == y.extent(axis);
    if x.rank() != 2 + SPACE || y.rank() != 2 + SPACE || !same(0) || !same(1) {
        return Err(Error::new("the operands of a pool do not fit"));
    }
    let space = |layout: &Layout| std::array::from_fn(|axis| layout.extent(2 + axis));
    let params = launch.params();
    let kernel = [whole(params[3])?, whole(params[4])?, whole(params[5])?];
    Window::new(launch, [space(x), space(y), kernel])
}

/// Channels of a task.
fn channels_each(window: &Window) -> usize {
    (GRAIN / window.reads().max(1)).max(1)
}

/// Positions count within a channel; of equal elements the first one wins, and NaN wins over all.
fn max_pool_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let (view, values) = (launch.input(0)?, launch.contiguous_output(0)?);
    let mut window = window(launch, view.layout, values.layout)?;
    let values = elements::<T>(values)?;
    let positions = elements::<i32>(launch.contiguous_output(1)?)?;
    if positions.len() != values.len() {
        return Err(Error::new("the outputs have different sizes"));
    }
    let [_, height, width] = window.input;
    let read = window.crop(view.layout);
    let x = in_order::<T>(View { layout: &read, ..view })?;
    let (outputs, each) = (window.outputs().max(1), channels_each(&window));
    let parts = values.chunks_mut(outputs * each).zip(positions.chunks_mut(outputs * each));
    for_parts(parts.enumerate(), |(part, (values, positions))| {
        let channels = values.chunks_mut(outputs).zip(positions.chunks_mut(outputs));
        for (index, (values, positions)) in channels.enumerate() {
            let x = &x[(part * each + index) * window.inputs()..][..window.inputs()];
            // Outputs that no tap reaches, as gaps lead past the input, stay as they are.
            positions.fill(-1);
            values.fill(T::from_f64(f64::NEG_INFINITY));
            window.reading_taps(|tap| {
                window.runs(tap, (0, outputs), |place, input, count| {
                    let held = values[place..place + count].iter_mut();
                    let held = held.zip(&mut positions[place..place + count]);
                    let read = (input..).step_by(window.step());
                    for ((value, position), from) in held.zip(read) {
                        let candidate = x[from];
                        #[allow(clippy::eq_op)] // a NaN
                        let nan = candidate != candidate;
                        if *position < 0 || candidate > *value || nan {
                            (*value, *position) = (candidate, from as i32);
                        }
                    }
                });
            });
            if window.input[1..] != [height, width] {
                // Positions count in the whole channel.
                let [_, read_height, read_width] = window.input;
                for position in positions.iter_mut().filter(|position| **position >= 0) {
                    let (line, column) =
                        (*position as usize / read_width, *position as usize % read_width);
                    let (z, y) = (line / read_height, line % read_height);
                    *position = ((z * height + y) * width + column) as i32;
                }
            }
        }
    })
}

/// `y[p] = Σ x[i]` over the inputs of window p.
fn sum_pool_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let (view, out) = (launch.input(0)?, launch.contiguous_output(0)?);
    let mut window = window(launch, view.layout, out.layout)?;
    let read = window.crop(view.layout);
    let view = View { layout: &read, ..view };
    each_channel::<T>(&window, view, out, window.outputs(), |out, x| {
        window.reading_taps(|tap| {
            window.runs(tap, (0, window.outputs()), |place, input, count| {
                let read = x[input..].iter().step_by(window.step());
                let sums = &mut out[place..place + count];
                sums.iter_mut().zip(read).for_each(|(sum, &x)| *sum = *sum + x);
            });
        });
    })
}

/// `x[i] = Σ y[p]` over the windows p that input i lies in.
fn sum_pool_input_as<T: Element + Real>(launch: &mut Launch<'_>) -> Result {
    let (view, out) = (launch.input(0)?, launch.contiguous_output(0)?);
    let window = window(launch, out.layout, view.layout)?;
    each_channel::<T>(&window, view, out, window.inputs(), |out, y| {
        window.reading_taps(|tap| {
            window.runs(tap, (0, window.outputs()), |place, input, count| {
                let sums = out[input..].iter_mut().step_by(window.step());
                sums.zip(&y[place..place + count]).for_each(|(sum, &y)| *sum = *sum + y);
            });
        });
    })
}

/// Calls `body(out, input)` for each channel, whose output has `size` elements, initially zeros.
fn each_channel<T: Element + Real>(
    window: &Window,
    view: View<'_>,
    out: ViewMut<'_>,
    size: usize,
    body: impl Fn(&mut [T], &[T]) + Sync,
) -> Result {
    let (input, out) = (in_order::<T>(view)?, elements::<T>(out)?);
    let (size, each) = (size.max(1), channels_each(window));
    let read = input.len() * size / out.len().max(1);
    for_parts(out.chunks_mut(size * each).enumerate(), |(part, out)| {
        for (index, out) in out.chunks_mut(size).enumerate() {
            out.fill(T::default());
            body(out, &input[(part * each + index) * read..][..read]);
        }
    })
}
