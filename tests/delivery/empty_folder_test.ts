/**
 * What people get who have no checkout: the module from a registry in JSR's layout, the native library
 * from a registry of npm's, in an empty folder with an empty cache.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { LIBRARY_FILE, LIBRARY_PACKAGE } from "../../lib/core/platform.ts";
import { SYMBOLS } from "../../lib/ffi/symbols.ts";
import { Kernel } from "../notebook/kernel.ts";
import { filesOf, ROOT } from "../tools/places.ts";
import {
  deliver,
  type Delivery,
  type Ended,
  filesIn,
  MODULE,
  PACKAGE,
  type User,
} from "./users.ts";
import { tampering } from "./tampering.ts";

let delivery: Delivery;
const resources = new AsyncDisposableStack();
Deno.test.beforeAll(async () => {
  delivery = resources.use(await deliver());
});
Deno.test.afterAll(() => resources.disposeAsync());

/** A program that needs the library. */
const PROGRAM = `import { tensor } from "${MODULE}"; console.log(tensor([2]).square().item());`;

/** The first code of the README, and what it says is printed. */
function firstScreen(): { code: string; printed: string } {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const [, code, printed] = /^```ts\n(.*?)^```\n.*?^```\n(.*?)^```/ms.exec(readme)!;
  return { code: code!, printed: printed! };
}

async function hash(file: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return new Uint8Array(digest).toHex();
}

/** One error, which says what is wrong and what mends it. */
function assertRefused({ code, out, error }: Ended, ...patterns: RegExp[]): void {
  assertEquals([code, out], [1, ""]);
  assertEquals([...error.matchAll(/^error: Uncaught/gm)].length, 1, error);
  for (const pattern of patterns) assertMatch(error, pattern);
}

Deno.test("empty folder: the README's first program trains with --allow-ffi alone", async () => {
  const { code, printed } = firstScreen();
  const user = delivery.user();
  user.write("train.ts", code);
  const log = `${user.cache}.log`;
  const env = { DENO_AUDIT_PERMISSIONS: log };
  const ended = await user.deno(["run", "--no-prompt", "--allow-ffi", "train.ts"], { env });
  assertEquals(ended, { code: 0, out: printed, error: "" });
  assertEquals(filesIn(user.folder), [`${user.folder}/train.ts`]);
  const entries = Deno.readTextFileSync(log).trim().split("\n")
    .map((line): { permission: string; value: string } => JSON.parse(line));
  const others = entries.filter(({ permission }) => permission !== "import");
  assertEquals(others.map(({ permission, value }) => [permission, value]), [
    ["ffi", user.library()],
  ]);
  assertEquals(await hash(user.library()), delivery.sha256);
});

Deno.test("a checkout: the README's first program runs as it stands", async () => {
  const { code, printed } = firstScreen();
  const ended = await delivery.user().run(["--allow-ffi"], code, { cwd: ROOT });
  assertEquals(ended, { code: 0, out: printed, error: "" });
});

Deno.test("a notebook in an empty folder", async () => {
  const user = delivery.user();
  // Nothing but the package: a variable of this process may name another library.
  const env = { ...user.env, ADJOINT_LIBRARY_PATH: "" };
  await using kernel = await Kernel.start(user.folder, env);
  const { status, outputs } = await kernel.run(PROGRAM);
  assertEquals([status, outputs.filter(({ type }) => type === "error")], ["ok", []]);
  const [said] = outputs.filter(({ content }) => content.name === "stdout");
  assertEquals(said?.content.text, "4\n");
  assertEquals(await hash(user.library()), delivery.sha256);
});

Deno.test("eight processes at once fill one cache", async () => {
  const user = delivery.user();
  const eight = Array.from({ length: 8 }, () => user.run(["--allow-ffi"], PROGRAM));
  for (const ended of await Promise.all(eight)) {
    assertEquals(ended, { code: 0, out: "4\n", error: "" });
  }
  assertEquals(await hash(user.library()), delivery.sha256);
});

/** Root may write where nobody may, unless it gives that up. */
const through = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
  : [];

/** Lets nobody write into a folder, or its owner again. */
async function writable(folder: string, may: boolean): Promise<void> {
  await new Deno.Command("chmod", { args: ["-R", may ? "u+w" : "a-w", folder] }).output();
}

Deno.test("a cache that cannot be written serves what it has", async () => {
  const user = await delivery.regular();
  await writable(user.cache, false);
  const ended = await user.run(["--allow-ffi"], PROGRAM, { through });
  await writable(user.cache, true);
  assertEquals(ended, { code: 0, out: "4\n", error: "" });
});

Deno.test("a cache that cannot be written is no place for the library", async () => {
  const user = await delivery.regular();
  await Deno.remove(`${user.cache}/npm`, { recursive: true });
  await writable(user.cache, false);
  const before = filesIn(user.cache);
  const ended = await user.run(["--allow-ffi"], PROGRAM, { through });
  assertEquals(filesIn(user.cache), before);
  await writable(user.cache, true);
  assertRefused(
    ended,
    /NativeError: Cannot find the native library: tried npm:@adjoint/,
    /Permission denied/,
  );
});

Deno.test("without the permission, the flag is named", async () => {
  const ended = await (await delivery.regular()).run([], PROGRAM);
  assertRefused(ended, /NotCapable: Cannot open the native library without .*: run .*--allow-ffi/);
});

Deno.test("a platform without a package is told how to build one", async () => {
  for (const build of [{ os: "freebsd" }, { env: "musl" }]) {
    const program = `
      Object.defineProperty(Deno, "build", { value: { ...Deno.build, ...${
      JSON.stringify(build)
    } } });
      await import("${MODULE}");
    `;
    const ended = await (await delivery.regular()).run(["--allow-ffi"], program);
    assertRefused(
      ended,
      /Cannot find the native library: tried npm:@adjoint\/native-(freebsd-|linux-.*-musl)/,
      /`deno run -A jsr:@adjoint\/ml@[\d.]+\/install` builds it/,
      /does not exist/,
    );
  }
});

/** What a user sees whose cache holds other bytes than what was published. */
async function withBytes(
  flags: readonly string[],
  change: (library: string) => void,
): Promise<[User, Ended]> {
  const user = await delivery.regular();
  change(user.library());
  return [user, await user.run(flags, PROGRAM)];
}

Deno.test("a library that was damaged in the cache is refused if it may be read, and mended", async () => {
  const damages: ((library: string) => void)[] = [
    (library) => Deno.truncateSync(library, Deno.statSync(library).size / 2),
    (library) => Deno.writeFileSync(library, new Uint8Array(1), { append: true }),
    (library) => {
      const bytes = Deno.readFileSync(library);
      bytes[bytes.length >> 1]! ^= 1;
      Deno.writeFileSync(library, bytes);
    },
  ];
  for (const damage of damages) {
    const [user, ended] = await withBytes(["--allow-ffi", "--allow-read"], damage);
    assertRefused(
      ended,
      /NativeError: Cannot use the native library: .* was damaged; run `deno cache --reload npm:@adj/,
    );
    const { code } = await user.deno(["cache", "--reload", PACKAGE]);
    assertEquals(code, 0);
    const mended = await user.run(["--allow-ffi", "--allow-read"], PROGRAM);
    assertEquals(mended, { code: 0, out: "4\n", error: "" });
  }
});

Deno.test("a library of another interface is refused before its use", async () => {
  const folder = await Deno.makeTempDir();
  const source = `${folder}/other.c`;
  const names = Object.keys(SYMBOLS).filter((name) => name !== "adjoint_abi_version");
  const build = async (names: readonly string[]) => {
    // A library that is used would end the process.
    const others = names.map((name) => `void ${name}(void) { __builtin_trap(); }\n`).join("");
    await Deno.writeTextFile(source, `int adjoint_abi_version(void) { return 99; }\n${others}`);
    const args = ["-shared", "-fPIC", "-o", `${folder}/${LIBRARY_FILE}`, source];
    assert((await new Deno.Command("cc", { args }).output()).success);
    const change = (library: string) => Deno.copyFileSync(`${folder}/${LIBRARY_FILE}`, library);
    return (await withBytes(["--allow-ffi"], change))[1];
  };
  assertRefused(
    await build(names),
    /NativeError: Cannot use the native library: .* has interface version 99, this code needs \d+; run/,
  );
  assertRefused(await build([]), /NativeError: Cannot open the native library: tried .*; run/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a package of another version is none", async () => {
  await using other = tampering(delivery.npm.url, (path, bytes) => {
    if (path.endsWith(".tgz")) return bytes;
    const text = new TextDecoder().decode(bytes);
    return new TextEncoder().encode(text.replaceAll('"0.1.0"', '"0.0.9"'));
  });
  const ended = await delivery.user(other.url).run(["--allow-ffi"], PROGRAM);
  assertRefused(ended, /Cannot find the native library: tried npm:@adjoint/, /matching '0\.1\.0'/);
});

Deno.test("a release of today waits for a day, or for the setting that Deno names", async () => {
  await using today = tampering(delivery.npm.url, (path, bytes) => {
    if (path.endsWith(".tgz")) return bytes;
    const meta = JSON.parse(new TextDecoder().decode(bytes));
    for (const version of Object.keys(meta.time)) meta.time[version] = new Date().toISOString();
    return new TextEncoder().encode(JSON.stringify(meta));
  });
  const user = delivery.user(today.url);
  const ended = await user.run(["--allow-ffi"], PROGRAM);
  assertRefused(ended, /Cannot find the native library/, /--minimum-dependency-age/);
  const now = await user.run(["--allow-ffi", "--minimum-dependency-age=0"], PROGRAM);
  assertEquals(now, { code: 0, out: "4\n", error: "" });
});

Deno.test("100 of 100 packages with one other byte are refused, and none is kept", async () => {
  let at = -1;
  await using registry = tampering(delivery.npm.url, (path, bytes) => {
    if (!path.endsWith(".tgz") || at < 0) return bytes;
    const changed = bytes.slice();
    changed[Math.floor(at / 100 * bytes.length)]! ^= 1 + at % 255;
    return changed;
  });
  const cached = async () => {
    const user = delivery.user(registry.url);
    const { code, error } = await user.deno(["cache", PACKAGE]);
    const kept = filesIn(user.cache).filter((path) => path.endsWith(LIBRARY_FILE)).length;
    return { code, kept, refusal: /integrity checksum|Tarball checksum/i.exec(error)?.[0] };
  };
  assertEquals((await cached()).kept, 1);
  for (at = 0; at < 100; at++) {
    const { code, kept, refusal } = await cached();
    assertEquals([at, code, kept], [at, 1, 0]);
    assert(refusal !== undefined);
  }
});

/** Runs the installer with a stand-in for cargo, which keeps the sources and gives the library. */
async function install(
  user: User,
  cargo: string,
  ...args: readonly string[]
): Promise<Ended> {
  const bin = `${user.folder}/bin`;
  await Deno.mkdir(bin, { recursive: true });
  await Deno.writeTextFile(`${bin}/cargo`, `#!/bin/sh\n${cargo}\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
  return await user.deno(["run", "-A", "--no-prompt", `${MODULE}/install`, ...args], { env });
}

Deno.test("the installer hands cargo the sources, and programs find what it built", async () => {
  // Where no package can be had.
  const user = delivery.user("http://127.0.0.1:1/");
  const built = new URL(`target/release/${LIBRARY_FILE}`, ROOT).pathname;
  const cargo = `
    cp -R . ${user.folder}/sources
    echo "$@" > ${user.folder}/arguments
    while [ "$1" != --target-dir ]; do shift; done
    mkdir -p "$2/release" && cp ${built} "$2/release"`;
  const ended = await install(user, cargo, "own", "--no-gpu");
  const library = `${user.folder}/own/${LIBRARY_FILE}`;
  assertEquals([ended.code, ended.error], [0, ""]);
  assertMatch(ended.out, new RegExp(`^\n${library}\n`));
  assertEquals(filesIn(`${user.folder}/own`), [library]);
  assertMatch(
    Deno.readTextFileSync(`${user.folder}/arguments`),
    /^build --release --locked --target-dir \S+ --no-default-features\n$/,
  );
  const handed = filesIn(`${user.folder}/sources`)
    .map((path) => path.slice(`${user.folder}/sources/`.length)).toSorted();
  const own = ["Cargo.lock", "Cargo.toml", "rust/Cargo.toml", ...filesOf(ROOT, "rust/src", "")];
  assertEquals(handed, own.toSorted());
  for (const path of own) {
    const sent = await Deno.readFile(`${user.folder}/sources/${path}`);
    assertEquals([path, sent], [path, await Deno.readFile(new URL(path, ROOT))]);
  }
  const env = { ADJOINT_LIBRARY_PATH: library };
  const flags = ["--allow-ffi", "--allow-env=ADJOINT_LIBRARY_PATH"];
  assertEquals(await user.run(flags, PROGRAM, { env }), { code: 0, out: "4\n", error: "" });
});

Deno.test("the installer says what it lacks, and leaves nothing", async () => {
  const user = delivery.user();
  assertRefused(await install(user, "exit 1", "own"), /Cannot build .*: cargo failed/);
  const withoutCargo = await user.deno(["run", "-A", `${MODULE}/install`, "own"], {
    env: { PATH: "/nonexistent" },
  });
  assertRefused(
    withoutCargo,
    /Cannot build .*: it needs Rust, which https:\/\/rustup\.rs installs/,
  );
  const path = [...delivery.jsr.files.keys()].find((path) => path.endsWith("/rust/src/lib.rs"))!;
  const source = delivery.jsr.files.get(path)!;
  delivery.jsr.files.set(path, source.slice(1));
  const changed = await install(user, "", "own");
  delivery.jsr.files.delete(path);
  const missing = await install(user, "", "own");
  delivery.jsr.files.set(path, source);
  assertRefused(changed, /Cannot build .*: \/rust\/src\/lib\.rs is not what was published/);
  assertRefused(missing, /Cannot build .*lib\.rs answered 404/);
  assertEquals(filesIn(user.folder), [`${user.folder}/bin/cargo`]);
});

Deno.test("deno compile embeds the library if its package is named", async () => {
  const user = await delivery.regular();
  user.write("train.ts", PROGRAM);
  // What runs the program would be downloaded; here it is only written.
  const env = { DENORT_BIN: "/bin/true" };
  const compiled = async (...named: readonly string[]) => {
    const args = ["compile", "--allow-ffi", ...named, "--output=program", "train.ts"];
    const { code, error } = await user.deno(args, { env });
    assertEquals(code, 0, error);
    const holds = (await Deno.readFile(`${user.folder}/program`)).length >
      Deno.statSync(user.library()).size;
    return [error.includes(LIBRARY_PACKAGE), holds];
  };
  assertEquals(await compiled(`--include=${PACKAGE}`), [true, true]);
  assertEquals(await compiled(), [false, false]);
});
