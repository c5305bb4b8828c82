// WGSL leaves powers of negative numbers open; elsewhere they exist for whole exponents.
fn power(a: f32, b: f32) -> f32 {
    if (b == 0.0) {
        return 1.0;
    }
    let size = pow(abs(a), b);
    if (a >= 0.0) {
        return size;
    }
    if (b != floor(b)) {
        return bitcast<f32>(0x7fc00000u + word(0u) * 0u);
    }
    let odd = abs(b) < 16777216.0 && (i32(b) & 1) != 0;
    return select(size, -size, odd);
}
