// An element and its position. NaN wins, and of equal elements the first.
struct State {
    value: T,
    at: u32,
}

fn identity() -> State {
    return State(T(0), 0xffffffffu);
}

fn state_of(x: T, i: u32) -> State {
    return State(x, i);
}

fn combined(a: State, b: State) -> State {
    if (a.at == 0xffffffffu) {
        return b;
    }
    if (b.at == 0xffffffffu) {
        return a;
    }
    let a_is_nan = is_nan(a.value);
    if (a_is_nan != is_nan(b.value)) {
        if (a_is_nan) {
            return a;
        }
        return b;
    }
    if (!a_is_nan) {
        if (is_better(b.value, a.value)) {
            return b;
        }
        if (is_better(a.value, b.value)) {
            return a;
        }
    }
    if (b.at < a.at) {
        return b;
    }
    return a;
}

