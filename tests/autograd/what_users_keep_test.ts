/**
 * What a user's function sees or makes in a backward pass, and keeps: the pass must not write into it,
 * hand its memory to others, or give it out as a gradient. Every way in which the pass meets it is
 * tried: by where it comes from, by what stands before it, and by its size.
 */

import { assert, assertEquals } from "@std/assert";
import {
  checkpoint,
  customFunction,
  full,
  noGrad,
  ones,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

type Keep = (x: Tensor) => Tensor;

/** Where user's code meets a gradient: y, or what takes its place, with what is kept kept. */
const MEETINGS: Readonly<Record<string, (y: Tensor, keep: Keep) => Tensor>> = {
  "a hook that looks": (y, keep) => {
    y.registerHook((g) => void keep(g));
    return y;
  },
  "a hook that returns what it makes": (y, keep) => {
    y.registerHook((g) => keep(g.mul(2)));
    return y;
  },
  "a hook that returns what it has": (y, keep) => {
    const own = keep(full(y.shape, 3));
    y.registerHook(() => own);
    return y;
  },
  "a hook that returns a view": (y, keep) => {
    y.registerHook((g) => keep(g.mul(2)).reshape([-1]).reshape(g.shape));
    return y;
  },
  "a hook before a hook": (y, keep) => {
    y.registerHook((g) => keep(g.mul(2)));
    y.registerHook((g) => g);
    return y;
  },
  "a backward that returns what it makes": (y, keep) =>
    customFunction({ forward: (_, x) => x.mul(2), backward: (_, g) => keep(g.mul(2)) })(y),
  "a backward that returns what it is given": (y, keep) =>
    customFunction({ forward: (_, x) => x.mul(2), backward: (_, g) => keep(g) })(y),
  "a backward that returns what was saved": (y, keep) =>
    customFunction({
      forward: (context, x) => {
        context.save(keep(x.mul(2)));
        return x.mul(2);
      },
      backward: ({ saved: [x] }) => x!,
    })(y),
  "a function that is run again": (y, keep) =>
    checkpoint((x) => {
      keep(x.mul(3));
      return x.mul(2);
    }, y),
};

/** What the gradient passes on its way to the leaf: rules that pass it on as it is, views, and sums. */
const WAYS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "the leaf itself": (x) => x,
  "a sum": (x) => x.add(1),
  "a sum with itself": (x) => x.add(x),
  "a view": (x) => x.reshape([1, -1]).transpose(0, 1),
  "a copy": (x) => x.clone(),
  "two paths": (x) => x.mul(1).add(x.add(2)),
};

/** Small tensors lie together in slabs; the memory of large ones is used again. */
const SIZES = [3, 5000];

/** What of the kept tensors has changed after the pass, its gradients and further work. */
function changed(meet: (y: Tensor, keep: Keep) => Tensor, way: Keep, size: number): string | null {
  const kept: { readonly x: Tensor; readonly values: string }[] = [];
  const keep = (x: Tensor) => {
    kept.push({ x, values: x.contiguous().data.join() });
    return x;
  };
  const x = ones([size], { requiresGrad: true });
  const z = meet(way(x), keep);
  z.mul(3).add(z).sum().backward();
  assert(kept.length > 0);
  noGrad(() => x.grad!.fill_(-7));
  for (let i = 0; i < 6; i++) zeros([size]).add(i).mul(11);
  for (const { x, values } of kept) {
    if (x.storage.gone !== null) return "is gone";
    if (x.contiguous().data.join() !== values) return "has other values";
  }
  return null;
}

for (const [meeting, meet] of Object.entries(MEETINGS)) {
  Deno.test(`a backward pass leaves alone what is kept of ${meeting}`, () => {
    for (const [way, to] of Object.entries(WAYS)) {
      for (const size of SIZES) {
        assertEquals(changed(meet, to, size), null, `through ${way}, of ${size}`);
      }
    }
  });
}

Deno.test("a change of what is kept, and memory that is gone, are noticed", () => {
  const hooked = (change: (g: Tensor) => void) => (y: Tensor, keep: Keep) => {
    y.registerHook((g) => change(keep(g.mul(2))));
    return y;
  };
  assertEquals(changed(hooked((g) => void g.zero_()), (x) => x, 3), "has other values");
  assertEquals(changed(hooked((g) => g.dispose()), (x) => x.add(1), 5000), "is gone");
});

Deno.test("a hook's tensor takes a gradient's place with the gradient's type, and stays as it is", () => {
  const x = tensor([1, 2], { dtype: "float64", requiresGrad: true });
  const own = tensor([1.5, 2.5]);
  x.registerHook(() => own);
  x.sum().backward();
  assertEquals([x.grad?.dtype, own.dtype], ["float64", "float32"]);
  noGrad(() => x.grad!.zero_());
  assertEquals(own.toArray(), [1.5, 2.5]);
});
