alias Bits = u64;
const SIGN: Bits = 0x8000000000000000lu;
const SIZE: Bits = 0x7ffffffffffffffflu;
const INFINITE: Bits = 0x7ff0000000000000lu;
const POINT: Bits = 0x10000000000000lu;
const PLACES = 52u;
const LARGEST: T = 1.7976931348623157e308;
