//! The texts of programs are compared with a snapshot, so that a change must be intended.
//! `ADJOINT_RENEW=1 cargo test` rewrites it.

use super::render;
use crate::dtype::DType;
use crate::frame::{FRAME_WORDS, Frame};
use crate::gpu::launch::stages;
use crate::gpu::plan::{Operand, Stage};
use crate::layout::Layout;
use crate::registry;
use std::path::PathBuf;

/// Contiguous operands of some shapes, each with its own handle.
fn operands(shapes: &[(DType, &[i32])]) -> Vec<Operand> {
    let operand = |(index, (dtype, shape)): (usize, &(DType, &[i32]))| {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let layout = Layout::new(shape, &strides).unwrap();
        Operand { handle: index as u32 + 1, dtype: *dtype, offset: 0, layout }
    };
    shapes.iter().enumerate().map(operand).collect()
}

/// The dispatches of a launch; integers are the kernel's, extents of a window its floats.
fn launched(kernel: &str, shapes: &[(DType, &[i32])], ints: &[i32], numbers: &[f64]) -> Vec<Stage> {
    let kernel =
        (0..registry::count()).filter_map(registry::kernel).find(|row| row.name == kernel).unwrap();
    let mut words = vec![0; FRAME_WORDS];
    for (index, number) in numbers.iter().enumerate() {
        words[2 * index] = number.to_bits() as u32 as i32;
        words[2 * index + 1] = (number.to_bits() >> 32) as u32 as i32;
    }
    words[16..16 + ints.len()].copy_from_slice(ints);
    let operands = operands(shapes);
    stages(kernel, &Frame::new(&words).unwrap(), &operands).unwrap()
}

/// The texts of the programs of a launch.
fn texts(kernel: &str, shapes: &[(DType, &[i32])], ints: &[i32], numbers: &[f64]) -> String {
    let text = |(number, stage)| {
        format!("// {kernel} {shapes:?}, dispatch {number}\n\n{}\n", render(stage).unwrap())
    };
    launched(kernel, shapes, ints, numbers).iter().enumerate().map(text).collect()
}

#[test]
fn programs_have_the_text_of_the_snapshot() {
    const F: DType = DType::F32;
    const D: DType = DType::F64;
    const I: DType = DType::I32;
    let image: &[i32] = &[2, 3, 1, 8, 8];
    let filters: &[i32] = &[4, 3, 1, 3, 3];
    let features: &[i32] = &[2, 4, 1, 8, 8];
    let (window, padding) = ([1, 1, 1, 1, 1, 1, 1], [0.0, 1.0, 1.0]);
    let all = [
        texts("add", &[(F, &[64]), (F, &[64]), (F, &[64])], &[], &[]),
        texts("exp", &[(D, &[64]), (D, &[64])], &[], &[]),
        texts("lt", &[(DType::Bool, &[2, 3]), (F, &[2, 3]), (F, &[2, 3])], &[], &[]),
        texts("sum", &[(F, &[]), (F, &[1 << 20])], &[0], &[1.0]),
        texts("sum", &[(D, &[]), (D, &[1 << 20])], &[0], &[1.0]),
        texts("max", &[(F, &[8]), (I, &[8]), (F, &[8, 100])], &[1], &[]),
        texts("matmul", &[(F, &[64, 64]), (F, &[64, 512]), (F, &[512, 64])], &[], &[]),
        texts("matmul", &[(F, &[3, 5]), (F, &[3, 7]), (F, &[7, 5])], &[], &[]),
        texts("softmax", &[(F, &[8, 100]), (F, &[8, 100])], &[1], &[]),
        texts("gather", &[(F, &[2, 3]), (F, &[9, 3]), (I, &[2, 3])], &[0], &[]),
        texts("scatter_add", &[(F, &[3]), (I, &[300]), (F, &[300])], &[0], &[]),
        texts("cumsum", &[(F, &[1 << 17]), (F, &[1 << 17])], &[1], &[]),
        texts("cumprod", &[(F, &[9, 3]), (F, &[9, 3])], &[0], &[]),
        texts("cumprod", &[(D, &[9, 3]), (D, &[9, 3])], &[0], &[]),
        texts("argsort", &[(I, &[2000]), (F, &[2000])], &[0], &[]),
        texts("argsort", &[(I, &[2000]), (D, &[2000])], &[0], &[]),
        texts("adam_step", &[(F, &[64]), (F, &[64]), (F, &[64]), (F, &[64])], &[], &[0.1; 7]),
        texts(
            "layer_norm",
            &[(F, &[8, 100]), (F, &[8, 100]), (F, &[100]), (F, &[100])],
            &[1, 1, 100],
            &[1e-5],
        ),
        texts(
            "layer_norm_grad",
            &[(F, &[40, 3]), (F, &[3]), (F, &[3]), (F, &[40, 3]), (F, &[40, 3]), (F, &[3])],
            &[1, 0, 3],
            &[1e-5],
        ),
        texts("normal", &[(F, &[64])], &[1, 2, 3, 4], &[]),
        texts("normal", &[(D, &[64])], &[1, 2, 3, 4], &[]),
        texts("integers", &[(I, &[6])], &[1, 2, 3, 4, 5, 6], &[]),
        texts("conv", &[(F, features), (F, image), (F, filters)], &window, &padding),
        texts(
            "sum_pool",
            &[(F, &[2, 3, 1, 4, 4]), (F, image)],
            &[1, 2, 2, 1, 1, 1],
            &[0.0, 0.0, 0.0, 1.0, 2.0, 2.0],
        ),
    ]
    .concat();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/gpu/snapshot.wgsl");
    if std::env::var_os("ADJOINT_RENEW").is_some() {
        std::fs::write(&path, &all).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap();
    let differs = known.lines().zip(all.lines()).position(|(known, now)| known != now);
    assert_eq!(differs, None, "line {differs:?} of the snapshot is another");
    assert_eq!(known.lines().count(), all.lines().count());
    // Any change of a program is noticed.
    assert_ne!(all.replacen("f32", "f64", 1), known);
}

#[test]
fn launches_of_any_size_keep_to_the_limits_of_a_dispatch() {
    const F: DType = DType::F32;
    const I: DType = DType::I32;
    const LIMIT: u64 = 65535;
    let (long, rows, few): (&[i32], &[i32], &[i32]) = (&[1 << 30], &[1 << 24, 40], &[1 << 24]);
    let images: &[i32] = &[70_000, 1, 1, 4, 4];
    let image: &[i32] = &[1, 1, 1, 1 << 14, 1 << 14];
    let (window, zeros) = ([1, 1, 1, 1, 1, 1, 1], [0.0; 3]);
    let pooled = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    let all = [
        launched("add", &[(F, long), (F, long), (F, long)], &[], &[]),
        launched("sum", &[(F, few), (F, rows)], &[1], &[1.0]),
        launched("max", &[(F, few), (I, few), (F, rows)], &[1], &[]),
        launched("softmax", &[(F, rows), (F, rows)], &[1], &[]),
        launched("layer_norm", &[(F, rows), (F, rows)], &[0, 0, 40], &[1e-5]),
        launched("gather", &[(F, long), (F, long), (I, long)], &[0], &[]),
        launched("scatter_add", &[(F, long), (I, few), (F, few)], &[0], &[]),
        launched("adam_step", &[(F, long), (F, long), (F, long), (F, long)], &[], &[0.1; 7]),
        launched("uniform", &[(F, long)], &[], &[]),
        launched(
            "matmul",
            &[(F, &[70_000, 2, 2]), (F, &[70_000, 2, 2]), (F, &[70_000, 2, 2])],
            &[],
            &[],
        ),
        launched("matmul", &[(F, &[1 << 26, 4]), (F, &[1 << 26, 4]), (F, &[4, 4])], &[], &[]),
        launched("matmul", &[(F, &[4, 1 << 26]), (F, &[4, 4]), (F, &[4, 1 << 26])], &[], &[]),
        launched("conv", &[(F, images), (F, images), (F, &[1; 5])], &window, &zeros),
        launched("conv", &[(F, image), (F, image), (F, &[1; 5])], &window, &zeros),
        launched("conv_input", &[(F, images), (F, images), (F, &[1; 5])], &window, &zeros),
        launched("max_pool", &[(F, image), (I, image), (F, image)], &window, &pooled),
        launched("sum_pool", &[(F, image), (F, image)], &window, &pooled),
        launched("sum_pool_input", &[(F, image), (F, image)], &window, &pooled),
    ];
    for stage in all.iter().flatten() {
        let [x, y, z] = stage.groups.map(u64::from);
        assert!(x.max(y).max(z) <= LIMIT, "{} has {:?} groups", stage.name, stage.groups);
        assert!(x * y * z > LIMIT, "{} is not large", stage.name);
    }
}
