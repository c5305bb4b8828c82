// A factor from 1 to 2 (or 0, an infinity or NaN) and a power of two: a partial product stays in range
// wherever the whole product does.
struct State {
    factor: f32,
    power: i32,
}

fn identity() -> State {
    return State(1.0, 0);
}

fn state_of(x: f32) -> State {
    let bits = bitcast<u32>(x);
    let power = (bits >> 23u) & 0xffu;
    if (power == 0u || power == 0xffu) {
        return State(x, 0);
    }
    return State(bitcast<f32>((bits & 0x807fffffu) | 0x3f800000u), i32(power) - 127);
}

fn joined(a: State, b: State) -> State {
    let product = state_of(a.factor * b.factor);
    return State(product.factor, clamp(product.power + a.power + b.power, -500000000, 500000000));
}

fn power_of_two(power: i32) -> f32 {
    return bitcast<f32>(u32(power + 127) << 23u);
}

fn finish(a: State) -> f32 {
    let power = clamp(a.power, -250, 250);
    let half = power / 2;
    return a.factor * power_of_two(half) * power_of_two(power - half);
}

