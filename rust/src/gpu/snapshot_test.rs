//! The text of programs is a snapshot: a change of it is seen, and meant. `ADJOINT_RENEW=1 cargo test`
//! writes it anew.

use super::render;
use crate::dtype::DType;
use crate::frame::{FRAME_WORDS, Frame};
use crate::gpu::launch::stages;
use crate::gpu::plan::Operand;
use crate::layout::Layout;
use crate::registry;
use std::path::PathBuf;

/// Contiguous operands of some shapes, each with a handle of its own.
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

/// What the programs of a launch say; integers are the kernel's, extents of a window its floats.
fn texts(kernel: &str, shapes: &[(DType, &[i32])], ints: &[i32], numbers: &[f64]) -> String {
    let kernel =
        (0..registry::count()).filter_map(registry::kernel).find(|row| row.name == kernel).unwrap();
    let mut words = vec![0; FRAME_WORDS];
    for (index, number) in numbers.iter().enumerate() {
        words[2 * index] = number.to_bits() as u32 as i32;
        words[2 * index + 1] = (number.to_bits() >> 32) as u32 as i32;
    }
    words[16..16 + ints.len()].copy_from_slice(ints);
    let operands = operands(shapes);
    let stages = stages(kernel, &Frame::new(&words).unwrap(), &operands).unwrap();
    let text = |(number, stage)| {
        format!("// {} {shapes:?}, dispatch {number}\n\n{}\n", kernel.name, render(stage).unwrap())
    };
    stages.iter().enumerate().map(text).collect()
}

#[test]
fn programs_have_the_text_of_the_snapshot() {
    const F: DType = DType::F32;
    const I: DType = DType::I32;
    let image: &[i32] = &[2, 3, 1, 8, 8];
    let filters: &[i32] = &[4, 3, 1, 3, 3];
    let features: &[i32] = &[2, 4, 1, 8, 8];
    let (window, padding) = ([1, 1, 1, 1, 1, 1, 1], [0.0, 1.0, 1.0]);
    let all = [
        texts("add", &[(F, &[64]), (F, &[64]), (F, &[64])], &[], &[]),
        texts("lt", &[(DType::Bool, &[2, 3]), (F, &[2, 3]), (F, &[2, 3])], &[], &[]),
        texts("sum", &[(F, &[]), (F, &[1 << 20])], &[0], &[1.0]),
        texts("max", &[(F, &[8]), (I, &[8]), (F, &[8, 100])], &[1], &[]),
        texts("matmul", &[(F, &[64, 64]), (F, &[64, 512]), (F, &[512, 64])], &[], &[]),
        texts("matmul", &[(F, &[3, 5]), (F, &[3, 7]), (F, &[7, 5])], &[], &[]),
        texts("softmax", &[(F, &[8, 100]), (F, &[8, 100])], &[1], &[]),
        texts("gather", &[(F, &[2, 3]), (F, &[9, 3]), (I, &[2, 3])], &[0], &[]),
        texts("scatter_add", &[(F, &[3]), (I, &[300]), (F, &[300])], &[0], &[]),
        texts("cumsum", &[(F, &[1 << 17]), (F, &[1 << 17])], &[1], &[]),
        texts("cumprod", &[(F, &[9, 3]), (F, &[9, 3])], &[0], &[]),
        texts("argsort", &[(I, &[2000]), (F, &[2000])], &[0], &[]),
        texts("adam_step", &[(F, &[64]), (F, &[64]), (F, &[64]), (F, &[64])], &[], &[0.1; 7]),
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
    // Any change of a program shows.
    assert_ne!(all.replacen("f32", "f64", 1), known);
}
