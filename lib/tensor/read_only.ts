/** Properties of tensors that follow from others, and what to do in place of setting them. */

const INSTEAD: Readonly<Record<string, string>> = {
  data: "write x.data.set(values), or noGrad(() => x.copy_(other))",
  dtype: "cast it, as in x.to(dtype)",
  device: "move it, as in x.to(device)",
  ndim: "x.reshape(shape) has other dimensions",
  isLeaf: "x.detach() is a leaf",
  mT: "it is a view of the tensor, of which x.copy_(other) changes the elements",
};

/** Has the getters of a class without a setter say so themselves; JavaScript's words do not help. */
export function refuseSetting(prototype: object): void {
  for (const [name, found] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (found.get === undefined || found.set !== undefined) continue;
    const set = () => {
      throw new TypeError(`Cannot set ${name}: it follows from the tensor; ${INSTEAD[name]}`);
    };
    Object.defineProperty(prototype, name, { ...found, set });
  }
}
