fn is_nan(x: T) -> bool {
    return false;
}
