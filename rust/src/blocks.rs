//! Functions over blocks of consecutive elements, which rows hold as data, and the drivers that run
//! them on operands of any layout.
//!
//! Outputs are contiguous. Other inputs are copied tile by tile into a buffer that stays in the
//! first-level cache, so each function is compiled once for each element type and needs no strides. A
//! large transposed input is copied in bands of rows, so that whole cache lines of it are read.

use crate::cpu::{TILE, elements, try_chunks, try_parts};
use crate::dtype::{ByType, DType, Element, Kind, by_type};
use crate::error::{Error, Result};
use crate::frame::Launch;
use crate::reader::Reader;
use std::marker::PhantomData;

/// A kind of block function, by the element type of a launch. The output comes first.
pub(crate) trait Blocks: Kind {
    fn dtype(launch: &Launch<'_>) -> Result<DType> {
        launch.input_type(0)
    }

    /// Runs a function over a launch of its type.
    fn drive<T: Element>(block: Self::Of<T>, launch: &mut Launch<'_>) -> Result;
}

impl<K: Blocks> ByType<K> {
    /// Runs the function for the type of a launch.
    pub(crate) fn run(&self, launch: &mut Launch<'_>) -> Result {
        fn run_as<T: Element>(blocks: &ByType<impl Blocks>, launch: &mut Launch<'_>) -> Result {
            blocks.run_as::<T>(launch)
        }
        by_type!(any K::dtype(launch)?, run_as(self, launch))
    }

    fn run_as<T: Element>(&self, launch: &mut Launch<'_>) -> Result {
        K::drive(T::of(self).ok_or_else(|| Error::unsupported(T::DTYPE))?, launch)
    }
}

/// From one input to elements of its type.
#[derive(Clone, Copy)]
pub(crate) struct Unary;

impl Kind for Unary {
    type Of<T: Element> = fn(&mut [T], &[T]);
}

impl Blocks for Unary {
    fn drive<T: Element>(block: Self::Of<T>, launch: &mut Launch<'_>) -> Result {
        map1(launch, block)
    }
}

/// From two inputs to elements of their type.
#[derive(Clone, Copy)]
pub(crate) struct Binary;

impl Kind for Binary {
    type Of<T: Element> = fn(&mut [T], &[T], &[T]);
}

impl Blocks for Binary {
    fn drive<T: Element>(block: Self::Of<T>, launch: &mut Launch<'_>) -> Result {
        map2(launch, block)
    }
}

/// From two inputs to bool.
#[derive(Clone, Copy)]
pub(crate) struct Compare;

impl Kind for Compare {
    type Of<T: Element> = fn(&mut [u8], &[T], &[T]);
}

impl Blocks for Compare {
    fn drive<T: Element>(block: Self::Of<T>, launch: &mut Launch<'_>) -> Result {
        map2(launch, block)
    }
}

/// From a condition and two inputs to elements of their type.
#[derive(Clone, Copy)]
pub(crate) struct Choose;

impl Kind for Choose {
    type Of<T: Element> = fn(&mut [T], &[u8], &[T], &[T]);
}

impl Blocks for Choose {
    fn dtype(launch: &Launch<'_>) -> Result<DType> {
        launch.input_type(1)
    }

    fn drive<T: Element>(block: Self::Of<T>, launch: &mut Launch<'_>) -> Result {
        map3(launch, block)
    }
}

/// From an input to elements of type `R`.
#[derive(Clone, Copy)]
pub(crate) struct CastTo<R>(PhantomData<R>);

impl<R: Element> Kind for CastTo<R> {
    type Of<T: Element> = fn(&mut [R], &[T]);
}

impl<R: Element> Blocks for CastTo<R> {
    fn drive<T: Element>(block: Self::Of<T>, launch: &mut Launch<'_>) -> Result {
        map1(launch, block)
    }
}

/// By the type of the output: the casts to it.
#[derive(Clone, Copy)]
pub(crate) struct Cast;

impl Kind for Cast {
    type Of<R: Element> = ByType<CastTo<R>>;
}

impl Blocks for Cast {
    fn dtype(launch: &Launch<'_>) -> Result<DType> {
        launch.output_type(0)
    }

    fn drive<R: Element>(casts: Self::Of<R>, launch: &mut Launch<'_>) -> Result {
        casts.run(launch)
    }
}

fn same_length(lengths: &[usize]) -> Result {
    if lengths.windows(2).all(|pair| pair[0] == pair[1]) {
        Ok(())
    } else {
        Err(Error::new(format!("operands have {lengths:?} elements")))
    }
}

/// Calls `body(start, chunk)` on all threads, for bands where an operand is best read in them, on a
/// single thread too.
fn share<R: Send>(
    out: &mut [R],
    bands: &[Option<usize>],
    body: impl Fn(usize, &mut [R]) -> Result + Sync,
) -> Result {
    if let Some(&band) = bands.iter().flatten().next() {
        return try_parts(out.chunks_mut(band).enumerate(), |(i, chunk)| body(i * band, chunk));
    }
    try_chunks(out, body)
}

/// Runs a block function of one input over a launch.
fn map1<T: Element, R: Element>(launch: &mut Launch<'_>, block: fn(&mut [R], &[T])) -> Result {
    let out = elements::<R>(launch.contiguous_output(0)?)?;
    let x = Reader::<T>::new(launch.input(0)?)?;
    same_length(&[out.len(), x.len()])?;
    share(out, &[x.band()], |start, chunk| {
        if let Some(data) = x.as_slice() {
            block(chunk, &data[start..start + chunk.len()]);
            return Ok(());
        }
        let mut tiles = x.tiles_of(start, chunk.len())?;
        for (index, part) in chunk.chunks_mut(TILE).enumerate() {
            block(part, tiles.block(start + index * TILE, part.len()));
        }
        Ok(())
    })
}

/// Runs a block function of two inputs over a launch.
fn map2<T: Element, R: Element>(
    launch: &mut Launch<'_>,
    block: fn(&mut [R], &[T], &[T]),
) -> Result {
    let out = elements::<R>(launch.contiguous_output(0)?)?;
    let a = Reader::<T>::new(launch.input(0)?)?;
    let b = Reader::<T>::new(launch.input(1)?)?;
    same_length(&[out.len(), a.len(), b.len()])?;
    share(out, &[a.band(), b.band()], |start, chunk| {
        let len = chunk.len();
        if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) {
            block(chunk, &a[start..start + len], &b[start..start + len]);
            return Ok(());
        }
        let (mut a, mut b) = (a.tiles_of(start, len)?, b.tiles_of(start, len)?);
        for (index, part) in chunk.chunks_mut(TILE).enumerate() {
            let first = start + index * TILE;
            block(part, a.block(first, part.len()), b.block(first, part.len()));
        }
        Ok(())
    })
}

/// Runs a block function of a condition and two inputs over a launch.
fn map3<T: Element>(launch: &mut Launch<'_>, block: <Choose as Kind>::Of<T>) -> Result {
    let out = elements::<T>(launch.contiguous_output(0)?)?;
    let condition = Reader::<u8>::new(launch.input(0)?)?;
    let a = Reader::<T>::new(launch.input(1)?)?;
    let b = Reader::<T>::new(launch.input(2)?)?;
    same_length(&[out.len(), condition.len(), a.len(), b.len()])?;
    share(out, &[condition.band(), a.band(), b.band()], |start, chunk| {
        let len = chunk.len();
        let mut condition = condition.tiles_of(start, len)?;
        let (mut a, mut b) = (a.tiles_of(start, len)?, b.tiles_of(start, len)?);
        for (index, part) in chunk.chunks_mut(TILE).enumerate() {
            let (first, len) = (start + index * TILE, part.len());
            block(part, condition.block(first, len), a.block(first, len), b.block(first, len));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FRAME_WORDS, Frame, View, ViewMut};
    use crate::layout::Layout;
    use crate::registry::{self, Cpu, Kernel};

    fn row(name: &str) -> &'static Kernel {
        let rows = (0..registry::count()).filter_map(registry::kernel);
        rows.into_iter().find(|row| row.name == name).unwrap()
    }

    /// The result of a row, by its driver.
    fn driven<R: Element>(name: &str, inputs: &[&[f32]]) -> Vec<R> {
        let mut out = vec![R::default(); inputs[0].len()];
        let layout = Layout::new(&[out.len() as i32], &[1]).unwrap();
        let mut outs = [Some(ViewMut { data: R::slice_mut(&mut out), layout: &layout })];
        let mut ins: Vec<_> =
            inputs.iter().map(|x| Some(View { data: f32::slice(x), layout: &layout })).collect();
        let words = [0; FRAME_WORDS];
        let frame = Frame::new(&words).unwrap();
        row(name).run(&mut Launch { frame, outs: &mut outs, ins: &mut ins }).unwrap();
        out
    }

    /// As an evaluator of rows does: reads their functions, and runs them over one tile.
    #[test]
    fn rows_in_sequence_over_a_tile_give_what_their_drivers_give() {
        let a: [f32; TILE] = std::array::from_fn(|i| (i as f32 - 99.5) / 50.0);
        let b: [f32; TILE] = std::array::from_fn(|i| (i as f32 * 0.7).sin());
        let (Cpu::Binary(mul), Cpu::Unary(exp)) = (&row("mul").cpu, &row("exp").cpu) else {
            panic!("rows have other kinds");
        };
        let (Cpu::Compare(lt), Cpu::Cast(cast)) = (&row("lt").cpu, &row("cast_f32").cpu) else {
            panic!("rows have other kinds");
        };
        let (mut product, mut power) = ([0.0; TILE], [0.0; TILE]);
        mul.f32.unwrap()(&mut product, &a, &b);
        exp.f32.unwrap()(&mut power, &product);
        let expected = driven::<f32>("exp", &[&driven::<f32>("mul", &[&a, &b])]);
        assert_eq!(power.map(f32::to_bits).to_vec(), bits(&expected));
        assert!((power[7] / (a[7] * b[7]).exp() - 1.0).abs() < 1e-6);

        let (mut less, mut number) = ([0; TILE], [0.0; TILE]);
        lt.f32.unwrap()(&mut less, &power, &a);
        cast.f32.unwrap().bool.unwrap()(&mut number, &less);
        assert_eq!(less.to_vec(), driven::<u8>("lt", &[&power, &a]));
        assert_eq!(number, less.map(f32::from));
        assert!(number.contains(&1.0) && number.contains(&0.0));
    }

    fn bits(numbers: &[f32]) -> Vec<u32> {
        numbers.iter().map(|number| number.to_bits()).collect()
    }

    #[test]
    fn operands_of_any_layout_are_read_in_order() {
        let data: Vec<f32> = (0..70_000).map(|i| i as f32).collect();
        // Rows of any length whose columns are rows in memory, with and without axes around them;
        // the last repeats.
        for (shape, strides) in [
            (&[300, 40][..], [&[1, 300][..], &[40, 1]]),
            (&[40, 301], [&[1, 40], &[301, 1]]),
            (&[5, 70, 33], [&[2310, 1, 70], &[1, 5, 350]]),
            (&[3, 50, 70], [&[1, 3, 150], &[1, 210, 3]]),
            (&[9, 1000], [&[1, 9], &[0, 1]]),
        ] {
            let [left, right] = strides.map(|strides| Layout::new(shape, strides).unwrap());
            let mut out = vec![0.0; left.len()];
            let contiguous = Layout::new(&[out.len() as i32], &[1]).unwrap();
            let mut outs = [Some(ViewMut { data: f32::slice_mut(&mut out), layout: &contiguous })];
            let mut ins =
                [&left, &right].map(|layout| Some(View { data: f32::slice(&data), layout }));
            let words = [0; FRAME_WORDS];
            let frame = Frame::new(&words).unwrap();
            row("sub").run(&mut Launch { frame, outs: &mut outs, ins: &mut ins }).unwrap();
            for (i, out) in out.iter().enumerate() {
                let expected = data[left.position(i)] - data[right.position(i)];
                assert_eq!(*out, expected, "{shape:?} {i}");
            }
        }
    }

    #[test]
    fn rows_have_functions_for_the_types_they_take_and_no_others() {
        let Cpu::Unary(exp) = &row("exp").cpu else { panic!("exp is of another kind") };
        assert!(exp.f32.is_some() && exp.f64.is_some() && exp.i32.is_none() && exp.bool.is_none());
        let Cpu::Cast(cast) = &row("cast_i32").cpu else { panic!("cast is of another kind") };
        assert!(cast.i32.is_some() && cast.f32.is_none());
    }
}
