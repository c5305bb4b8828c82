// Four numbers in [0, 1), each of 24 bits of a word, exact.
fn units(i: u32) -> vec4<T> {
    return vec4<T>(block(i) >> vec4<u32>(8u)) * 0x1p-24;
}
