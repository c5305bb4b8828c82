//! Tests that need a device; they run if there is one.

use super::*;
use crate::dtype::DType;

/// The device; a missing one is an error only where one is required.
fn opened() -> Option<MutexGuard<'static, Gpu>> {
    match gpu() {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("ADJOINT_REQUIRE_GPU").is_some() => panic!("{error}"),
        Err(_) => None,
    }
}

fn stage(name: &'static str, text: super::super::plan::Text) -> Stage {
    Stage::new(name, text, [DType::F32; 2], Vec::new(), [1, 1, 1])
}

#[test]
fn a_program_that_is_refused_is_told_with_its_line_and_not_kept() {
    let Some(mut gpu) = opened() else { return };
    let broken = stage("broken", |_| {
        Ok("@compute @workgroup_size(1)\nfn main() { let x = nothing; }\n".into())
    });
    let fine = stage("fine", |_| Ok("@compute @workgroup_size(1)\nfn main() {}\n".into()));
    for _ in 0..2 {
        let Err(Error::Bug(told)) = gpu.dispatch(&broken, &[]) else { panic!("it was not told") };
        assert!(told.contains("fn main() { let x = nothing; }"), "{told}");
        assert!(told.contains("broken") && told.len() < 1000, "{told}");
        // The elements after it are unchanged.
        gpu.dispatch(&fine, &[]).unwrap();
        gpu.flush().unwrap();
        gpu.wait().unwrap();
    }
}

#[test]
fn no_more_submissions_are_under_way_than_are_allowed() {
    let Some(mut gpu) = opened() else { return };
    let fine = stage("fine", |_| Ok("@compute @workgroup_size(1)\nfn main() {}\n".into()));
    for _ in 0..3 * AHEAD {
        gpu.dispatch(&fine, &[]).unwrap();
        gpu.flush().unwrap();
        assert!(gpu.under_way.len() <= AHEAD);
    }
    assert_eq!(gpu.under_way.len(), AHEAD);
    gpu.wait().unwrap();
    assert!(gpu.under_way.is_empty());
}
