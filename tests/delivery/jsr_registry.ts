/** A registry in JSR's layout on this machine, to which `deno publish` publishes and from which Deno loads. */

/** Files of a tar archive: their paths and bytes. */
function* filesOfTar(
  tar: Uint8Array<ArrayBuffer>,
): Generator<[path: string, bytes: Uint8Array<ArrayBuffer>]> {
  const BLOCK = 512;
  const text = (start: number, length: number) =>
    new TextDecoder().decode(tar.subarray(start, start + length)).replace(/\0[\s\S]*$/, "");
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const [name, size, prefix] = [
      text(at, 100),
      parseInt(text(at + 124, 12), 8),
      text(at + 345, 155),
    ];
    const start = at + BLOCK;
    yield [prefix === "" ? name : `${prefix}/${name}`, tar.subarray(start, start + size)];
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** Versions younger than a day are refused; these are older. */
export const DAYS_AGO = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000).toISOString();

/** What is served: `/@scope/name/…` and its bytes. */
type Files = Map<string, Uint8Array<ArrayBuffer>>;

async function publish(files: Files, name: string, version: string, request: Request) {
  const stream = request.body!.pipeThrough(new DecompressionStream("gzip"));
  const manifest: Record<string, { size: number; checksum: string }> = {};
  let exports: unknown;
  for (
    const [path, bytes] of filesOfTar(new Uint8Array(await new Response(stream).arrayBuffer()))
  ) {
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    manifest[`/${path}`] = { size: bytes.length, checksum: `sha256-${sum}` };
    files.set(`/${name}/${version}/${path}`, bytes);
    if (path === "deno.json") exports = JSON.parse(new TextDecoder().decode(bytes)).exports;
  }
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  files.set(`/${name}/${version}_meta.json`, json({ manifest, exports }));
  const versions = { [version]: { createdAt: DAYS_AGO } };
  files.set(`/${name}/meta.json`, json({ latest: version, versions }));
}

function contentType(path: string): string {
  if (path.endsWith(".ts")) return "application/typescript";
  return path.endsWith(".json") ? "application/json" : "text/plain";
}

/** A registry that runs. */
export interface JsrRegistry extends AsyncDisposable {
  /** For `JSR_URL`. */
  readonly url: string;
  readonly files: Files;
}

/** Starts an empty registry. */
export function startJsr(): JsrRegistry {
  const files: Files = new Map();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const task = { id: "1", status: "success", error: null };
    if (pathname.startsWith("/api/publish_status/")) return Response.json(task);
    const asked = /^\/api\/scopes\/(.+)\/packages\/([^/]+)(?:\/versions\/(.+))?$/.exec(pathname);
    if (asked === null) {
      const bytes = files.get(pathname);
      const headers = { "content-type": contentType(pathname) };
      return bytes === undefined
        ? new Response(null, { status: 404 })
        : new Response(bytes, { headers });
    }
    const [, scope, name, version] = asked;
    if (version === undefined) return Response.json({});
    if (request.method === "GET") {
      return Response.json({ code: "packageVersionNotFound", message: "" }, { status: 404 });
    }
    await publish(files, `@${scope}/${name}`, version, request);
    return Response.json(task);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    files,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
