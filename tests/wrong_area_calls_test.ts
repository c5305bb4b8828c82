/**
 * Wrong calls of everything public in the areas: each argument and each option in turn is replaced by
 * what people give by mistake, each key is misspelt, an argument is added. The library must refuse all
 * of it in its own words. The tables do not compile if something public has no row.
 */

import * as adjoint from "../mod.ts";
import { assertEquals } from "@std/assert";
import { type Call, of, options } from "./area_calls/call.ts";
import {
  FUNCTIONAL,
  INIT,
  LAYERS,
  LOSS_METHODS,
  LOSSES,
  MODULE_METHODS,
} from "./area_calls/module_rows.ts";
import {
  DATA,
  INSIDE,
  OPTIMIZER_METHODS,
  OPTIMIZERS,
  STEPS,
  TESTING,
  TRANSFORMED,
  TRANSFORMS,
} from "./area_calls/tool_rows.ts";
import { faultsOf, misspelt } from "./area_calls/verdict.ts";

type Loose = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => unknown;

function testCall(name: string, title: string, call: Call, run: Loose): void {
  Deno.test(`${title} refuses wrong arguments in words of its own`, () => {
    assertEquals(faultsOf(name, call, call.run ?? run), []);
  });
}

function testMethods(owner: string, rows: Readonly<Record<string, Call>>): void {
  for (const [name, call] of Object.entries(rows)) {
    const run: Loose = (...args) => {
      const object = call.on!();
      return (Reflect.get(object, name) as Loose).apply(object, args);
    };
    testCall(name, `${owner}.${name}()`, call, run);
  }
}

interface ClassRows {
  readonly make: Call;
  readonly methods: object;
}

/** Tests everything that a table has rows for. */
function testAll(space: string, module: object, rows: object): void {
  for (const [name, row] of Object.entries(rows) as [string, Call | ClassRows][]) {
    const found: unknown = Reflect.get(module, name);
    if ("make" in row) {
      testCall(
        name,
        `new ${space}${name}()`,
        row.make,
        (...args) => new (found as Constructor)(...args),
      );
      testMethods(`${space}${name}`, row.methods as Record<string, Call>);
    } else {
      testCall(name, `${space}${name}()`, row, found as Loose);
    }
  }
}

const { losses, nn, optim, data, testing } = adjoint;
testAll("losses.", losses, LOSSES);
testAll("nn.", nn, LAYERS);
testAll("nn.init.", nn.init, INIT);
testAll("nn.functional.", nn.functional, FUNCTIONAL);
testAll("optim.", optim, OPTIMIZERS);
testAll("optim.functional.", optim.functional, STEPS);
testAll("data.", data, DATA);
testAll("testing.", testing, TESTING);
testAll("", adjoint, TRANSFORMS);
testMethods("Module", MODULE_METHODS);
testMethods("Loss", LOSS_METHODS);
testMethods("Optimizer", OPTIMIZER_METHODS);
for (const [name, call] of Object.entries({ ...TRANSFORMED, ...INSIDE })) {
  testCall(name, name, call, call.run!);
}
