alias N = f32;

fn number_at(first: u32, i: u32) -> N {
    return bitcast<f32>(word(first + i));
}

