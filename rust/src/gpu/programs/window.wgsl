// Words from 40 on: extents of input, output and window, strides, dilations and paddings, three each;
// channels and filters of a group, groups, offset and stride of the bias. From 16 on the strides of the
// right side, from 24 those of the left one.

fn summed(x: vec3<u32>) -> u32 {
    return x.x + x.y + x.z;
}

fn outputs() -> u32 {
    return word(43u) * word(44u) * word(45u);
}

fn group_of() -> u32 {
    return product % word(60u);
}

fn weight_at(filter_number: u32, channel: u32, tap: u32) -> T {
    let row = (group_of() * word(59u) + filter_number) * word(24u) + channel * word(25u);
    return m1[word(4u) + row + summed(tap_of(tap) * triple(26u))];
}

// The input that a tap of the window reads for an output.
fn input_at(channel: u32, tap: u32, output: u32, example: u32) -> T {
    let at = place_in(43u, output) * triple(49u) + tap_of(tap) * triple(52u) - triple(55u);
    if (any(at >= triple(40u))) {
        return T(0);
    }
    let row = example * word(16u) + (group_of() * word(58u) + channel) * word(17u);
    return m2[word(5u) + row + summed(at * triple(18u))];
}

// The output for which a tap of the window reads an input.
fn output_at(filter_number: u32, tap: u32, input: u32) -> T {
    let shifted = place_in(40u, input) + triple(55u) - tap_of(tap) * triple(52u);
    let at = shifted / triple(49u);
    let there = all(shifted < vec3<u32>(0x80000000u)) && all(at * triple(49u) == shifted);
    if (!there || any(at >= triple(43u))) {
        return T(0);
    }
    let row = product / word(60u) * word(16u) + (group_of() * word(59u) + filter_number) * word(17u);
    return m2[word(5u) + row + summed(at * triple(18u))];
}

// The gradient of the output with a number among those of all examples.
fn gradient_at(filter_number: u32, number: u32) -> T {
    let row = number / outputs() * word(24u) + (group_of() * word(59u) + filter_number) * word(25u);
    return m1[word(4u) + row + summed(place_in(43u, number % outputs()) * triple(26u))];
}
