/** A registry of npm's between a user and the real one, which changes what is served. */

type Bytes = Uint8Array<ArrayBuffer>;

/** Starts it: `change` gets the path and the bytes of each answer. */
export function tampering(
  registry: string,
  change: (path: string, bytes: Bytes) => Bytes,
): { readonly url: string } & AsyncDisposable {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, async ({ url }) => {
    const { pathname } = new URL(url);
    const answer = await fetch(new URL(pathname, registry));
    let bytes: Bytes = await answer.bytes();
    if (!pathname.endsWith(".tgz")) {
      // Packages lie where their description says.
      const text = new TextDecoder().decode(bytes).replaceAll(registry, own);
      bytes = new TextEncoder().encode(text);
    }
    return new Response(change(pathname, bytes), { status: answer.status });
  });
  const own = `http://127.0.0.1:${server.addr.port}/`;
  return { url: own, [Symbol.asyncDispose]: () => server.shutdown() };
}
