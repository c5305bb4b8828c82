// Words from 40 on: extents of input, output and window, strides, dilations and paddings, three
// each; channels and filters of a group, groups, offset and stride of the bias. Strides of the
// right side from 16, of the left one from 24.

// For four positions along a side of the tile: where in space they start, and their part of the
// address.
var<private> sides: array<vec4<u32>, 4>;

fn summed(x: vec3<u32>) -> u32 {
    return x.x + x.y + x.z;
}

fn outputs() -> u32 {
    return word(43u) * word(44u) * word(45u);
}

fn group_of() -> u32 {
    return product % word(60u);
}

fn weight_taps(tap: u32) -> u32 {
    return summed(tap_of(tap) * triple(26u));
}

fn left_value(side: vec4<u32>, inner: vec4<u32>) -> T {
    return m1[word(4u) + side.w + inner.w];
}

// The input at a distance from the start of the window; 0 in the padding.
fn input_value(side: vec4<u32>, inner: vec4<u32>) -> T {
    let at = side.xyz + inner.xyz;
    if (any(at >= triple(40u))) {
        return T(0);
    }
    return m2[word(5u) + side.w + inner.w + summed(at * triple(18u))];
}

// The output for which a tap of the window reads an input.
fn output_value(side: vec4<u32>, inner: vec4<u32>) -> T {
    let shifted = side.xyz + inner.xyz;
    var at = shifted;
    if (STRIDED) {
        at = shifted / triple(49u);
        if (any(shifted >= vec3<u32>(0x80000000u)) || any(at * triple(49u) != shifted)) {
            return T(0);
        }
    }
    if (any(at >= triple(43u))) {
        return T(0);
    }
    return m2[word(5u) + side.w + inner.w + summed(at * triple(18u))];
}
