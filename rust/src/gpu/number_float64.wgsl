alias N = f64;

fn number_at(first: u32, i: u32) -> N {
    let at = first + 2u * i;
    return bitcast<f64>(u64(word(at)) | (u64(word(at + 1u)) << 32u));
}

