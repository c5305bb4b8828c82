//! Reading and writing at positions that a tensor of int32 gives. Integer parameter 0 is the axis.

use crate::cpu::elements;
use crate::dtype::{DType, Element, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::gpu::programs;
use crate::layout::Layout;
use crate::reader::{Cursor, Reader};
use crate::registry::{Cpu, Kernel};
use crate::scratch::{listed, scratch};

pub(super) const ROWS: &[Kernel] = &[
    Kernel { name: "gather", outputs: 1, cpu: Cpu::Custom(gather), wgsl: programs::GATHER },
    Kernel { name: "scatter", outputs: 1, cpu: Cpu::Custom(scatter), wgsl: programs::SCATTER },
    Kernel {
        name: "scatter_add",
        outputs: 1,
        cpu: Cpu::Custom(scatter_add),
        wgsl: programs::SCATTER_ADD,
    },
];

/// Walks an index tensor beside the tensor it points into, one run along the last axis at a time.
struct Walk<'a> {
    index: &'a [i32],
    index_cursor: Cursor,
    other_cursor: Cursor,
    dim: usize,
    extent: usize,
    dim_stride: usize,
    run: usize,
    index_step: usize,
    other_step: usize,
    runs: usize,
}

impl<'a> Walk<'a> {
    /// `other` is the layout of the tensor that the index points into along `dim`.
    fn new(index: &'a [i32], layout: &Layout, other: &Layout, dim: usize) -> Result<Self> {
        let rank = layout.rank();
        if rank != other.rank() || dim >= rank {
            return Err(Error::new(format!("axis {dim} of ranks {rank} and {}", other.rank())));
        }
        let inside = |axis| axis == dim || layout.extent(axis) <= other.extent(axis);
        if !(0..rank).all(inside) {
            return Err(Error::new("the index is larger than the tensor"));
        }
        // The positions in `other` without what the index adds along `dim`.
        let shape: Vec<i32> = layout.shape().iter().map(|&extent| extent as i32).collect();
        let stride = |axis| if axis == dim { 0 } else { other.stride(axis) as i32 };
        let strides: Vec<i32> = (0..rank).map(stride).collect();
        let last = rank - 1;
        let outer = Layout::new(&shape[..last], &strides[..last])?;
        Ok(Self {
            index,
            index_cursor: Cursor::new(layout.axes(0, last), 0),
            other_cursor: Cursor::new(outer, 0),
            dim,
            extent: other.extent(dim),
            dim_stride: other.stride(dim),
            run: layout.extent(last),
            index_step: layout.stride(last),
            other_step: strides[last] as usize,
            runs: if layout.len() == 0 { 0 } else { outer.len() },
        })
    }

    /// Calls `body(number of the element, its position in the other tensor)` for every element, or
    /// `row(number of the first, position, length)` where a whole run has one index.
    fn each(
        mut self,
        mut body: impl FnMut(usize, usize),
        mut row: impl FnMut(usize, usize, usize),
    ) -> Result {
        for number in 0..self.runs {
            let first = number * self.run;
            let place = |index: i32| match usize::try_from(index) {
                Ok(index) if index < self.extent => Ok(index * self.dim_stride),
                _ => Err(Error::new(format!(
                    "index {index} is outside axis {} of {}",
                    self.dim, self.extent
                ))),
            };
            let base = self.other_cursor.position;
            let at = self.index_cursor.position;
            if self.index_step == 0 && self.other_step == 1 {
                row(first, base + place(self.index[at])?, self.run);
            } else {
                for step in 0..self.run {
                    let position = place(self.index[at + step * self.index_step])?;
                    body(first + step, base + step * self.other_step + position);
                }
            }
            self.index_cursor.advance();
            self.other_cursor.advance();
        }
        Ok(())
    }
}

fn gather(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(0)?, gather_as(launch))
}

/// `out[…, i, …] = x[…, index[…, i, …], …]`
fn gather_as<T: Element>(launch: &mut Launch<'_>) -> Result {
    let dim = launch.count(0)?;
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let (x, index) = (launch.input(0)?, launch.input(1)?);
    let data = T::from_slice(x.data).ok_or_else(|| Error::new("element types differ"))?;
    let positions = i32::from_slice(index.data).ok_or_else(|| Error::new("index must be int32"))?;
    if out.len() != index.layout.len() {
        return Err(Error::new("the output has another size than the index"));
    }
    // Both closures write; a cell lets them share the output without aliasing.
    let out = std::cell::RefCell::new(out);
    Walk::new(positions, index.layout, x.layout, dim)?.each(
        |number, position| out.borrow_mut()[number] = data[position],
        |first, position, length| {
            let run = &data[position..position + length];
            out.borrow_mut()[first..first + length].copy_from_slice(run);
        },
    )
}

fn scatter(launch: &mut Launch<'_>) -> Result {
    by_type!(any launch.input_type(1)?, scatter_as(launch, |to, x| *to = x))
}

fn scatter_add(launch: &mut Launch<'_>) -> Result {
    match launch.input_type(1)? {
        DType::F32 => scatter_as::<f32>(launch, |to, x| *to += x),
        DType::F64 => scatter_as::<f64>(launch, |to, x| *to += x),
        DType::I32 => add_integers(launch),
        dtype => Err(Error::unsupported(dtype)),
    }
}

fn scatter_as<T: Element>(launch: &mut Launch<'_>, write: fn(&mut T, T)) -> Result {
    let view = launch.contiguous_output(0)?;
    let layout = view.layout;
    scatter_into(launch, elements::<T>(view)?, layout, write)
}

/// A sum that int32 does not hold is an error.
fn add_integers(launch: &mut Launch<'_>) -> Result {
    let view = launch.contiguous_output(0)?;
    let layout = view.layout;
    let out = elements::<i32>(view)?;
    let mut sums = listed(out.iter().map(|&x| i64::from(x)))?;
    scatter_into(launch, &mut sums, layout, |to, x: i32| *to += i64::from(x))?;
    for (out, sum) in out.iter_mut().zip(sums) {
        *out =
            i32::try_from(sum).map_err(|_| Error::range("a sum of int32 elements leaves int32"))?;
    }
    Ok(())
}

/// Writes `source` into the output at the index; in order, so that the bits don't vary.
fn scatter_into<T: Element, S>(
    launch: &mut Launch<'_>,
    out: &mut [S],
    layout: &Layout,
    write: fn(&mut S, T),
) -> Result {
    let dim = launch.count(0)?;
    let (index, source) = (launch.input(0)?, launch.input(1)?);
    if index.layout.shape() != source.layout.shape() {
        return Err(Error::new("index and source have different shapes"));
    }
    let positions = i32::from_slice(index.data).ok_or_else(|| Error::new("index must be int32"))?;
    let source = Reader::<T>::new(source)?;
    let mut run = scratch(index.layout.shape().last().map_or(1, |&n| n as usize))?;
    let mut held = usize::MAX;
    let walk = Walk::new(positions, index.layout, layout, dim)?;
    let length = run.len().max(1);
    let out = std::cell::RefCell::new(out);
    let run = std::cell::RefCell::new(&mut run);
    walk.each(
        |number, position| {
            let mut run = run.borrow_mut();
            if held != number / length {
                held = number / length;
                source.copy_to(held * length, &mut run);
            }
            write(&mut out.borrow_mut()[position], run[number % length]);
        },
        |first, position, length| {
            let mut run = run.borrow_mut();
            source.copy_to(first, &mut run);
            let mut out = out.borrow_mut();
            for (to, &x) in out[position..position + length].iter_mut().zip(run.iter()) {
                write(to, x);
            }
        },
    )
}
