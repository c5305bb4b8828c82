//! The boundary refuses invalid calls, and no panic crosses it.

use super::*;
use crate::frame::FRAME_WORDS;

const RECORDS: usize = 32;
const RECORD: usize = 20;

fn number(name: &str) -> u32 {
    (0..registry::count()).find(|&i| registry::kernel(i).unwrap().name == name).unwrap()
}

/// A frame with one contiguous f32 operand of `lengths[i]` elements in an array of `held[i]`.
fn frame(operands: &[(i32, i32)]) -> Vec<i32> {
    let mut words = vec![0; FRAME_WORDS];
    words[24] = operands.len() as i32;
    for (operand, &(length, held)) in operands.iter().enumerate() {
        let record = &mut words[RECORDS + operand * RECORD..][..RECORD];
        (record[0], record[3], record[4], record[12]) = (held * 4, 1, length, 1);
    }
    words
}

fn pointer(data: &mut [f32]) -> *mut u8 {
    data.as_mut_ptr().cast()
}

fn run(kernel: u32, words: &mut [i32], pointers: [*mut u8; 4]) -> std::result::Result<(), String> {
    let [a, b, c, d] = pointers;
    // SAFETY: the tests pass arrays that live longer than the call.
    let status =
        unsafe { adjoint_launch4(kernel, words.as_mut_ptr(), words.len() as u32, a, b, c, d) };
    if status == 0 {
        return Ok(());
    }
    let bytes: Vec<u8> = words[1..].iter().flat_map(|word| word.to_le_bytes()).collect();
    Err(String::from_utf8(bytes[..words[0] as usize].to_vec()).unwrap())
}

const NULL: *mut u8 = std::ptr::null_mut();

#[test]
fn a_launch_computes() {
    let (mut out, mut x) = ([0.0f32; 3], [1.0f32, -2.0, 3.0]);
    let mut words = frame(&[(3, 3), (3, 3)]);
    run(number("neg"), &mut words, [pointer(&mut out), pointer(&mut x), NULL, NULL]).unwrap();
    assert_eq!(out, [-1.0, 2.0, -3.0]);
}

#[test]
fn extents_beyond_the_array_are_refused() {
    let (mut out, mut x) = ([9.0f32; 4], [1.0f32; 3]);
    let mut words = frame(&[(4, 4), (4, 3)]);
    let error = run(number("neg"), &mut words, [pointer(&mut out), pointer(&mut x), NULL, NULL]);
    assert!(error.unwrap_err().contains("operand 1 reaches elements 0..4 of an array of 3"));
    assert_eq!(out, [9.0; 4]);
}

#[test]
fn null_is_an_empty_array_and_no_more() {
    let mut words = frame(&[(0, 0), (0, 0)]);
    run(number("neg"), &mut words, [NULL; 4]).unwrap();
    let mut words = frame(&[(1, 1), (1, 1)]);
    assert!(run(number("neg"), &mut words, [NULL; 4]).unwrap_err().contains("of an array of 0"));
}

#[test]
fn outputs_overlap_nothing() {
    let mut data = [1.0f32; 8];
    let same = pointer(&mut data);
    let mut words = frame(&[(4, 8), (4, 8)]);
    words[RECORDS + RECORD + 2] = 2;
    let error = run(number("neg"), &mut words, [same, same, NULL, NULL]).unwrap_err();
    assert!(error.contains("operands 0 and 1 overlap"), "{error}");
    words = frame(&[(4, 8), (4, 8)]);
    words[RECORDS + RECORD + 2] = 4;
    run(number("neg"), &mut words, [same, same, NULL, NULL]).unwrap();
}

#[test]
fn unknown_kernels_types_and_short_frames_are_refused() {
    let mut words = frame(&[(0, 0)]);
    assert!(run(u32::MAX, &mut words, [NULL; 4]).unwrap_err().contains("does not exist"));
    words = frame(&[(0, 0), (0, 0)]);
    words[RECORDS + 1] = 9;
    assert!(run(number("neg"), &mut words, [NULL; 4]).unwrap_err().contains("code 9"));
    assert!(run(number("neg"), &mut [0; 16], [NULL; 4]).unwrap_err().contains("256 words"));
    words = frame(&[(0, 0)]);
    words[24] = 77;
    assert!(run(number("neg"), &mut words, [NULL; 4]).unwrap_err().contains("77 operands"));
    // SAFETY: the test passes a null frame on purpose.
    let status = unsafe { adjoint_launch4(0, std::ptr::null_mut(), 0, NULL, NULL, NULL, NULL) };
    assert_eq!(status, NO_FRAME);
}

#[test]
fn a_panic_becomes_a_message() {
    let mut words = vec![0; FRAME_WORDS];
    assert_eq!(guarded(&mut words, |_| panic!("kernel broke")), FAILED);
    let bytes: Vec<u8> = words[1..].iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(&bytes[..words[0] as usize], b"panic: kernel broke");
}

#[test]
fn a_long_message_is_cut_at_a_character() {
    let mut words = vec![0; 3];
    write_message(&mut words, "aäöüß–漢字");
    let bytes: Vec<u8> = words[1..].iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(std::str::from_utf8(&bytes[..words[0] as usize]).unwrap(), "aäöü");
}

#[test]
fn texts_are_written_only_where_they_fit() {
    let text = |kernel, field, capacity| {
        let mut text = [0u8; 512];
        // SAFETY: the capacity is at most that of the array.
        let length = unsafe { adjoint_kernel_text(kernel, field, text.as_mut_ptr(), capacity) };
        String::from_utf8(text[..length as usize].to_vec()).unwrap()
    };
    let neg = number("neg");
    assert_eq!((text(neg, 0, 512).as_str(), text(neg, 1, 512).as_str()), ("neg", "-x"));
    assert_eq!(text(number("sum"), 1, 512), "");
    // Another test may have opened a device, with or without float64.
    let types = if cfg!(feature = "gpu") { "float32 int32 bool" } else { "" };
    assert_eq!(text(neg, 2, 512).replace("float64 ", ""), types);
    assert_eq!(text(number("eigh"), 2, 512), "");
    assert_eq!((text(neg, 0, 1), text(neg, 3, 512), text(u32::MAX, 0, 512)), Default::default());
}
