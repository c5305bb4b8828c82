//! Vectors as wide as the processor's registers, for sums that must stay in registers. A loop over
//! elements is simpler (`cpu::simd`), and usually as fast.

use crate::dtype::Element;
use crate::kernels::elementwise::math::Real;
use pulp::Simd;

/// An element type with vectors on this processor.
pub(crate) trait Lanes: Element + Real {
    type Vector<S: Simd>: Copy;

    /// Elements of a vector.
    fn count<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }

    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;

    /// `a · b + c`, rounded once if the processor does so.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// The sum of the elements of a vector.
    fn total<S: Simd>(simd: S, x: Self::Vector<S>) -> Self;

    /// The whole vectors of a slice, wherever it begins, and the rest.
    fn vectors<S: Simd>(x: &[Self]) -> (&[Self::Vector<S>], &[Self]);

    /// The same for writing.
    fn vectors_mut<S: Simd>(x: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);

    /// Writes the first elements of a vector.
    fn store<S: Simd>(simd: S, to: &mut [Self], x: Self::Vector<S>);
}

macro_rules! lanes {
    ($type:ty, $vector:ident, $splat:ident, $mul_add:ident, $add:ident, $sum:ident, $split:ident, $split_mut:ident, $store:ident) => {
        impl Lanes for $type {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$vector {
                simd.$splat(x)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn total<S: Simd>(simd: S, x: S::$vector) -> Self {
                simd.$sum(x)
            }
            #[inline(always)]
            fn vectors<S: Simd>(x: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$split(x)
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(x: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$split_mut(x)
            }
            #[inline(always)]
            fn store<S: Simd>(simd: S, to: &mut [Self], x: S::$vector) {
                simd.$store(to, x);
            }
        }
    };
}
lanes!(
    f32,
    f32s,
    splat_f32s,
    mul_add_e_f32s,
    add_f32s,
    reduce_sum_f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    partial_store_f32s
);
lanes!(
    f64,
    f64s,
    splat_f64s,
    mul_add_e_f64s,
    add_f64s,
    reduce_sum_f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    partial_store_f64s
);
