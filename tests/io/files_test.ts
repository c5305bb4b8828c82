/** Files are written whole or not at all, and what the system refuses is said in plain words. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { io, ones, tensor, zeros } from "../../mod.ts";

/** Calls a function with a folder that is there for it. */
async function inFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
}

/** Saves by each function, with what reads it. */
const WAYS = {
  saveSafetensors: [
    (path: string | URL) => io.saveSafetensors(path, { x: ones([2]) }),
    (path: string | URL) => io.loadSafetensors(path).x!,
  ],
  saveNpy: [(path: string | URL) => io.saveNpy(path, ones([2])), io.loadNpy],
  saveNpz: [
    (path: string | URL) => io.saveNpz(path, { x: ones([2]) }),
    (path: string | URL) => io.loadNpz(path).x!,
  ],
} as const;

for (const [name, [save, load]] of Object.entries(WAYS)) {
  Deno.test(`${name}() writes a file, again in its place, and leaves nothing else`, () =>
    inFolder((folder) => {
      const path = `${folder}/a b.bin`;
      save(path);
      const first = Deno.readFileSync(path);
      save(new URL(`file://${encodeURI(path)}`));
      assertEquals(Deno.readFileSync(path), first);
      assertEquals(load(path).toArray(), [1, 1]);
      assertEquals(load(new URL(`file://${encodeURI(path)}`)).toArray(), [1, 1]);
      assertEquals(namesIn(folder), ["a b.bin"]);
    }));

  Deno.test(`${name}() explains what the system refuses, and leaves nothing`, () =>
    inFolder((folder) => {
      const message = (path: string, kind: new () => Error) =>
        assertThrows(() => save(path), kind).message;
      assertEquals(
        message(`${folder}/no/x`, Deno.errors.NotFound),
        `Cannot run ${name} on ${folder}/no/x: there is no such file or folder`,
      );
      assertEquals(
        message(folder, TypeError),
        `Cannot run ${name} on ${folder}: something other than a file is there`,
      );
      Deno.writeTextFileSync(`${folder}/file`, "");
      assertMatch(
        message(`${folder}/file/x`, Error),
        new RegExp(`^Cannot run ${name} on .*/file/x: `),
      );
      assertEquals(namesIn(folder), ["file"]);
    }));
}

Deno.test({
  name: "what loads and saves says which permission it needs",
  permissions: { read: false, write: false },
  fn() {
    const read = assertThrows(() => io.loadNpy("models/x.npy"), Deno.errors.NotCapable);
    assertEquals(
      read.message,
      "Cannot run loadNpy on models/x.npy without permission: run Deno with --allow-read=models/x.npy",
    );
    const write = assertThrows(() => io.saveNpy("models/x.npy", ones([1])), Deno.errors.NotCapable);
    assertEquals(
      write.message,
      "Cannot run saveNpy on models/x.npy without permission: run Deno with --allow-read=models " +
        "--allow-write=models",
    );
    assertThrows(() => io.saveNpy("x.npy", ones([1])), Deno.errors.NotCapable, "--allow-read=. ");
    assertThrows(() => io.saveNpy("/x.npy", ones([1])), Deno.errors.NotCapable, "--allow-read=/ ");
    // Without files nothing is needed.
    assertEquals(io.decodeNpz(io.encodeNpz({ x: ones([1]) })).x!.toArray(), [1]);
  },
});

Deno.test("a saved file keeps its permissions, and a link to it stays one", () =>
  inFolder((folder) => {
    const [path, link] = [`${folder}/x.npy`, `${folder}/link`];
    io.saveNpy(path, ones([1]));
    if (Deno.build.os === "windows") return;
    Deno.chmodSync(path, 0o640);
    Deno.symlinkSync(path, link);
    io.saveNpy(link, zeros([3]));
    assertEquals(Deno.lstatSync(link).isSymlink, true);
    assertEquals(io.loadNpy(path).shape, [3]);
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
  }));

Deno.test("what a stopped program left is removed by the next, and no other file", () =>
  inFolder((folder) => {
    const path = `${folder}/x.npy`;
    io.saveNpy(path, ones([1]));
    const start = temporaryStart(folder);
    const [old, young] = [`${folder}/${start}old`, `${folder}/${start}young`];
    const other = `${folder}/.adjoint-0-old`;
    for (const file of [old, young, other]) Deno.writeTextFileSync(file, "");
    const long = new Date(Date.now() - 2 * 3_600_000);
    for (const file of [old, other]) Deno.utimeSync(file, long, long);
    io.saveNpy(path, ones([1]));
    assertEquals(namesIn(folder), [".adjoint-0-old", `${start}young`, "x.npy"]);
  }));

/** How the temporary names of `x.npy` in a folder begin. */
function temporaryStart(folder: string): string {
  const seen: string[] = [];
  const rename = Deno.renameSync;
  try {
    Deno.renameSync = (from, to) => {
      seen.push(`${from}`.slice(folder.length + 1));
      rename(from, to);
    };
    io.saveNpy(`${folder}/x.npy`, ones([1]));
  } finally {
    Deno.renameSync = rename;
  }
  return seen[0]!.replace(/[0-9a-f-]{36}$/, "");
}

/** A program that saves more than it may, over a file that is there. */
const SAVING = `
import { io, zeros } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
try {
  io.saveSafetensors(Deno.args[0], { x: zeros([1 << 20]) });
} catch (error) {
  console.log(error.message);
}
`;

Deno.test({
  name: "a disk that is full leaves the old file as it was",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/x.safetensors`;
      await Deno.writeTextFile(`${folder}/save.ts`, SAVING);
      io.saveSafetensors(path, { x: tensor([1, 2, 3]) });
      const saved = async (limit: string) => {
        const script = `trap '' XFSZ; ulimit -f ${limit}; exec "$0" run -A --no-check "$1" "$2"`;
        const args = ["-c", script, Deno.execPath(), `${folder}/save.ts`, path];
        const { stdout } = await new Deno.Command("sh", { args, cwd: folder }).output();
        return new TextDecoder().decode(stdout);
      };
      // Blocks of 512 bytes: room for a quarter of the elements.
      assertMatch(await saved("2048"), /^Cannot run saveSafetensors on \S+: .*too large/i);
      assertEquals(io.loadSafetensors(path).x!.toArray(), [1, 2, 3]);
      assertEquals(namesIn(folder), ["save.ts", "x.safetensors"]);
      assertEquals(await saved("unlimited"), "");
      assertEquals(io.loadSafetensors(path).x!.shape, [1 << 20]);
    }),
});

Deno.test({
  name: "a folder or a file that is only read leaves the old file as it was",
  // Nothing is forbidden to root.
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: () =>
    inFolder((folder) => {
      const path = `${folder}/x.npy`;
      io.saveNpy(path, ones([1]));
      Deno.chmodSync(path, 0o444);
      assertThrows(() => io.saveNpy(path, zeros([9])), Error, "Cannot run saveNpy on ");
      Deno.chmodSync(path, 0o644);
      Deno.chmodSync(folder, 0o555);
      assertThrows(() => io.saveNpy(path, zeros([9])), Error, "Cannot run saveNpy on ");
      assertEquals(io.loadNpy(path).toArray(), [1]);
      Deno.chmodSync(folder, 0o755);
      assertEquals(namesIn(folder), ["x.npy"]);
    }),
});

Deno.test("a write that fails in its last step leaves the old file as it was", () =>
  inFolder((folder) => {
    const path = `${folder}/x.npy`;
    io.saveNpy(path, ones([1]));
    const rename = Deno.renameSync;
    try {
      Deno.renameSync = () => {
        throw new Error("no room for a name");
      };
      assertThrows(
        () => io.saveNpy(path, zeros([9])),
        Error,
        `Cannot run saveNpy on ${path}: no room for a name`,
      );
    } finally {
      Deno.renameSync = rename;
    }
    assertEquals(io.loadNpy(path).toArray(), [1]);
    assertEquals(namesIn(folder), ["x.npy"]);
  }));

Deno.test("what is read is bounded by the file, whatever the file says", () =>
  inFolder((folder) => {
    const path = `${folder}/x`;
    const header = new TextEncoder().encode(
      '{"x":{"dtype":"F64","shape":[400000000],"data_offsets":[0,3200000000]}}',
    );
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    Deno.writeFileSync(path, bytes);
    const most = largestArray(() =>
      assertThrows(() => io.loadSafetensors(path), Deno.errors.InvalidData, "take 3200000000 bytes")
    );
    assert(most <= bytes.length, `${most}`);
    assert(largestArray(() => new Uint8Array(1000)) === 1000);
  }));

/** The longest array of bytes that is made meanwhile. */
function largestArray(act: () => void): number {
  const Real = globalThis.Uint8Array;
  let most = 0;
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args, own) {
      if (typeof args[0] === "number") most = Math.max(most, args[0]);
      return Reflect.construct(target, args, own);
    },
  });
  try {
    act();
  } finally {
    globalThis.Uint8Array = Real;
  }
  return most;
}

for (const [name, [save, load]] of Object.entries(WAYS)) {
  Deno.test(`${name}() and its reader refuse URLs that are no paths on this machine`, () => {
    for (const text of ["file:///tmp/%ff", "file://other/tmp/x", "https://other/x", "data:,x"]) {
      for (const call of [save, load]) {
        assertThrows(
          () => call(new URL(text)),
          TypeError,
          "the file must be a path or a file URL, got URL",
        );
      }
    }
  });
}

Deno.test("a folder, and a file that becomes shorter, are refused", () =>
  inFolder((folder) => {
    assertThrows(
      () => io.loadTorch(folder),
      Deno.errors.InvalidData,
      `Cannot run loadTorch on ${folder}: it is not a file`,
    );
    const path = `${folder}/x.npy`;
    io.saveNpy(path, ones([4]));
    const seek = Deno.FsFile.prototype.seekSync;
    try {
      Deno.FsFile.prototype.seekSync = function (offset, whence) {
        Deno.truncateSync(path, 4);
        return seek.call(this, offset, whence);
      };
      assertThrows(
        () => io.loadNpy(path),
        Deno.errors.UnexpectedEof,
        `Cannot run loadNpy on ${path}: the file has become shorter`,
      );
    } finally {
      Deno.FsFile.prototype.seekSync = seek;
    }
  }));
