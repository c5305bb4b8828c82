// A factor from 1 to 2 (or 0, an infinity or NaN) and a power of two: a partial product stays in
// range if the whole product does.
struct State {
    factor: T,
    power: i32,
}

fn identity() -> State {
    return State(1.0, 0);
}

fn state_of(x: T) -> State {
    let bits = bitcast<Bits>(x);
    let power = bits & INFINITE;
    if (power < POINT || power == INFINITE) {
        return State(x, 0);
    }
    return State(bitcast<T>((bits ^ power) | ONE), i32(power >> PLACES) - BIAS);
}

fn joined(a: State, b: State) -> State {
    let product = state_of(a.factor * b.factor);
    return State(product.factor, clamp(product.power + a.power + b.power, -500000000, 500000000));
}

fn finish(a: State) -> T {
    return scaled(a.factor, clamp(a.power, 4 - 2 * BIAS, 2 * BIAS - 4));
}

