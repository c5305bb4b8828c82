/** A page of HTML that needs nothing but itself. */

import { type Content, Html, html } from "../../core/html.ts";

/** A part of a page, with a heading by which it is named. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Content;
}

const STYLE = `:root{color-scheme:light dark;--ground:#fff;--text:#1d2127;--faint:#5b6470;` +
  `--line:#d5dae0;--link:#1f5fb4}
@media (prefers-color-scheme:dark){:root{--ground:#16191d;--text:#e4e7eb;--faint:#a3adb8;` +
  `--line:#3a414a;--link:#8db9f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
header,nav,main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
h1{font-size:1.6rem;margin:1.5rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.25rem 0 .5rem;border-bottom:1px solid var(--line)}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--ground);padding:.25rem .5rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.75rem 0}
.faint,footer{color:var(--faint)}
footer{padding-bottom:2rem;font-size:.875rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
figure{margin:0}
figure svg{width:100%;height:auto;display:block}
figcaption{color:var(--faint);font-size:.875rem}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--faint);font-size:.875rem;padding-bottom:.25rem}
th,td{text-align:left;vertical-align:top;padding:.2rem .9rem .2rem 0;border-bottom:1px solid var(--line);font-weight:400}
thead th{font-weight:600}
.number{text-align:right;white-space:nowrap}
pre{overflow-x:auto;font-size:.875rem}
summary{cursor:pointer;margin:.5rem 0}
`;

/** A page that needs nothing but itself. */
export function page(title: string, lead: Content, sections: readonly Section[]): string {
  const links = sections.map(({ id, title }) =>
    html`
      <li><a href="#${id}">${title}</a></li>
    `
  );
  const parts = sections.map(({ id, title, content }) =>
    html`
      <section aria-labelledby="${id}">
      <h2 id="${id}" tabindex="-1">${title}</h2>
      ${content}</section>
    `
  );
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <style>
    ${new Html(STYLE)}</style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
    <h1>${title}</h1>
    ${lead}</header>
        <nav aria-label="Sections">
          <ul>
    ${links}</ul>
        </nav>
        <main id="main" tabindex="-1">
    ${parts}</main>
        <footer>
          <p>Made by @adjoint/ml. This page is complete: it loads nothing else.</p>
        </footer>
      </body>
    </html>
  `.text;
}
