/** What a stdio server gets of the caller's environment although nobody named it. */

/** What the MCP SDKs hand on. */
const USUAL =
  process.platform === 'win32'
    ? [
        'APPDATA',
        'COMSPEC',
        'HOMEDRIVE',
        'HOMEPATH',
        'LOCALAPPDATA',
        'PATH',
        'PATHEXT',
        'PROCESSOR_ARCHITECTURE',
        'PROGRAMDATA',
        'PROGRAMFILES',
        'PROGRAMFILES(X86)',
        'PROGRAMW6432',
        'SYSTEMDRIVE',
        'SYSTEMROOT',
        'TEMP',
        'USERNAME',
        'USERPROFILE',
        'WINDIR',
      ]
    : ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];

/** The way out of a network, and whom to trust there: a server behind a proxy or with a certificate authority of the house needs it. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'];
const AUTHORITIES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
];

/** The names of the variables that every stdio server gets. */
export const HANDED_ON: readonly string[] = [
  ...USUAL,
  ...PROXIES,
  // Windows has one variable for both spellings.
  ...(process.platform === 'win32' ? [] : PROXIES.map((name) => name.toLowerCase())),
  ...AUTHORITIES,
];

/** The named variables that are set. A function that a shell has exported is none. */
export function variablesOf(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && !value.startsWith('()')) found[name] = value;
  }
  return found;
}
