/** One server of a cluster. */
export interface Host {
  host: string;
  port: number;
}

/** What a URL says about the servers, in the way of libpq: `postgres://user:password@one:5432,two:5432/name`. */
export interface Servers {
  /** The URL of the first server, which the driver understands. */
  url: string;
  /** Empty for one server without conditions. */
  hosts: readonly Host[];
  /** `target_session_attrs=read-write` or `primary`: servers that take no writes are passed over. */
  needsWrites: boolean;
}

const DEFAULT_PORT = 5432;
const WRITES = new Map([
  ['any', false],
  ['read-write', true],
  ['primary', true],
]);

/**
 * Reads a URL that may name several servers.
 * @throws Error that says what is wrong, without the URL
 */
export function readServers(url: string): Servers {
  const [, scheme, user = '', list = '', rest = ''] =
    /^(postgres(?:ql)?:\/\/)((?:[^@/?#]*)@)?([^/?#]*)(.*)$/s.exec(url) ?? [];
  // The driver understands everything else as it is.
  if (!list.includes(',') && !rest.includes('target_session_attrs='))
    return { url, hosts: [], needsWrites: false };
  const hosts = list.split(',').map(readHost);
  const first = new URL(`${scheme}${user}${list.split(',')[0]}${rest}`);
  const attributes = first.searchParams.get('target_session_attrs') ?? 'any';
  const needsWrites = WRITES.get(attributes);
  if (needsWrites === undefined)
    throw new Error(`target_session_attrs must be ${[...WRITES.keys()].join(', ')}`);
  first.searchParams.delete('target_session_attrs');
  return { url: first.href, hosts, needsWrites };
}

function readHost(text: string): Host {
  const [, host, port] = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined) throw new Error('a server that is not host:port');
  return { host: host.replace(/^\[(.+)\]$/, '$1'), port: port ? Number(port) : DEFAULT_PORT };
}
