/** A script for the tests of what all scripts have. */

import { rand, train } from "../../mod.ts";

const run = train.experiment("A script of the tests.", { options: { epochs: 5, missing: "" } });
const epochs: number = run.options.epochs;
const { missing } = run.options;
if (missing !== "") run.refuse(`Cannot read the digits: there is no ${missing}`);
const draw = rand([]).item();
run.figures("row", { draw, epochs, far: Infinity, list: [1, NaN], is: true });
run.picture("one", { svg: "<svg/>" });
run.end();
