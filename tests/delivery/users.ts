/** People who have no checkout: a folder and a cache of Deno's, and the registries of this machine. */

import meta from "../../deno.json" with { type: "json" };
import { LIBRARY_FILE, LIBRARY_PACKAGE } from "../../lib/core/platform.ts";
import { writePackage } from "../tools/package/folder.ts";
import { ROOT } from "../tools/places.ts";
import { quietly } from "../tools/run.ts";
import { type JsrRegistry, startJsr } from "./jsr_registry.ts";
import { type NpmRegistry, startNpm } from "./npm_registry.ts";

/** What is imported. */
export const MODULE = `jsr:${meta.name}@${meta.version}`;
/** What holds the library. */
export const PACKAGE = `npm:${LIBRARY_PACKAGE}@${meta.version}`;

/** What a command did. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** How a command is run. */
export interface Running {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads. */
  readonly input?: string;
  /** A command before it, which runs it. */
  readonly through?: readonly string[];
  /** Default: the folder of the user. */
  readonly cwd?: string | URL;
}

const lines = (bytes: Uint8Array) =>
  new TextDecoder().decode(bytes).split("\n").filter((line) => !line.startsWith("Download "))
    .join("\n");

/** A person with an empty folder. */
export class User {
  readonly folder: string;
  readonly cache: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(folder: string, registries: Readonly<Record<string, string>>) {
    this.folder = `${folder}/folder`;
    this.cache = `${folder}/cache`;
    for (const path of [this.folder, this.cache]) Deno.mkdirSync(path);
    const kept = ["PATH", "HOME", "TMPDIR"].map((name) => [name, Deno.env.get(name)]);
    this.env = {
      ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
      ...registries,
      NO_PROXY: "127.0.0.1",
      NO_COLOR: "1",
      DENO_DIR: this.cache,
      DENO_NO_UPDATE_CHECK: "1",
    };
  }

  /** Writes a file into the folder. */
  write(name: string, text: string): void {
    Deno.writeTextFileSync(`${this.folder}/${name}`, text);
  }

  /** Runs Deno in the folder, with nothing of this process's environment. */
  async deno(args: readonly string[], running: Running = {}): Promise<Ended> {
    const [command, ...before] = [...running.through ?? [], Deno.execPath()];
    const child = new Deno.Command(command!, {
      args: [...before, ...args],
      cwd: running.cwd ?? this.folder,
      clearEnv: true,
      env: { ...this.env, ...running.env },
      stdin: running.input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (running.input !== undefined) {
      await new Blob([running.input]).stream().pipeTo(child.stdin);
    }
    const { code, stdout, stderr } = await child.output();
    return { code, out: lines(stdout), error: lines(stderr) };
  }

  /** Runs a program that asks for nothing, and may ask nobody. */
  run(flags: readonly string[], program: string, running: Running = {}): Promise<Ended> {
    return this.deno(["run", "--no-prompt", ...flags, "-"], { ...running, input: program });
  }

  /** The library in the cache. */
  library(): string {
    const found = filesIn(this.cache).filter((path) => path.endsWith(`/${LIBRARY_FILE}`));
    if (found.length !== 1) throw new Error(`The cache has ${found.length} libraries, not one`);
    return found[0]!;
  }
}

/** The paths of all files in a folder. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** The registries with all that is published, and those who load from them. */
export interface Delivery extends AsyncDisposable {
  readonly npm: NpmRegistry;
  readonly jsr: JsrRegistry;
  /** SHA-256 of the library. */
  readonly sha256: string;
  /** Somebody with an empty folder and an empty cache, who asks this registry of npm's. */
  user(npm?: string): User;
  /** Somebody who has run the library before. */
  regular(): Promise<User>;
}

/** Publishes the library of the last build, stripped as packages are, to registries of its own. */
export async function deliver(): Promise<Delivery> {
  // Ends what runs if the rest fails, which else would keep the tests from ending.
  await using started = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  started.defer(() => Deno.remove(folder, { recursive: true }));
  const [npm, jsr] = [started.use(await startNpm()), started.use(startJsr())];
  let users = 0;
  const user = (url = npm.url) => {
    const own = `${folder}/${users++}`;
    Deno.mkdirSync(own);
    return new User(own, { JSR_URL: jsr.url, NPM_CONFIG_REGISTRY: url });
  };
  const library = `${folder}/${LIBRARY_FILE}`;
  await Deno.copyFile(new URL(`target/release/${LIBRARY_FILE}`, ROOT), library);
  await quietly({}, "strip", library);
  const { sha256 } = await writePackage(library, `${folder}/package`);
  await npm.publish(`${folder}/package`);
  const flags = ["--token=any", "--allow-dirty", "--no-check", "--no-provenance"];
  await quietly({ JSR_URL: jsr.url }, Deno.execPath(), "publish", ...flags);
  const first = user();
  const { code, error } = await first.run(["--allow-ffi"], `import "${MODULE}";`);
  if (code !== 0) throw new Error(`Cannot test the delivery: ${error}`);
  const all = started.move();
  return {
    npm,
    jsr,
    sha256,
    user,
    async regular() {
      const regular = user();
      await quietly({}, "cp", "-R", `${first.cache}/.`, regular.cache);
      return regular;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
