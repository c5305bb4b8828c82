// A number in [0, 1) of 53 bits of two words, exact.
fn unit(high: u32, low: u32) -> T {
    return T(((Bits(high) << 32u) | Bits(low)) >> 11u) * 0x1p-53;
}

fn units(i: u32) -> vec4<T> {
    let a = block(2u * i);
    let b = block(2u * i + 1u);
    return vec4<T>(unit(a.x, a.y), unit(a.z, a.w), unit(b.x, b.y), unit(b.z, b.w));
}
