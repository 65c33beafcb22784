#!/usr/bin/env node
// A browser without a person: follows redirects with cookies, fills in the forms of oidc-provider's own pages, and ends where the login ends. Its
// argument is the page. BROWSER_LOG names a file that gets the last address and page; BROWSER_DOES says `deny` for somebody who cancels, `stay` for
// one that stops before it comes back.
import { appendFileSync } from 'node:fs';

const jar = new Map();
const does = process.env.BROWSER_DOES;

async function visit(url, form) {
  const { host } = new URL(url);
  const cookies = [...(jar.get(host) ?? new Map())].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { cookie: cookies, ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
    ...(form ? { method: 'POST', body: new URLSearchParams(form).toString() } : {}),
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (!jar.has(host)) jar.set(host, new Map());
    jar.get(host).set(name, value);
  }
  return response;
}

let url = process.argv.at(-1);
let form;
for (let steps = 0; steps < 20; steps++) {
  const response = await visit(url, form);
  form = undefined;
  const location = response.headers.get('location');
  if (location) {
    url = new URL(location, url).href;
    if (does === 'stay' && new URL(url).pathname === '/callback') break;
    continue;
  }
  const page = await response.text();
  const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
  const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
  if (action === undefined || prompt === undefined) {
    if (process.env.BROWSER_LOG) appendFileSync(process.env.BROWSER_LOG, `${url}\n${page}\n`);
    process.exit(response.ok ? 0 : 1);
  }
  if (does === 'deny') {
    url = new URL(/href="([^"]*abort[^"]*)"/.exec(page)[1], url).href;
    continue;
  }
  url = new URL(action, url).href;
  form = prompt === 'login' ? { prompt, login: 'ann', password: 'secret' } : { prompt };
}
if (process.env.BROWSER_LOG) appendFileSync(process.env.BROWSER_LOG, `${url}\n`);
