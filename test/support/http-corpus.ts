/** Whole messages that fuzzing and properties begin with: every rule of the codec has something to break in one of them. */

const CHUNKS = '5\r\nhello\r\n6;a=b;c="d;e"\r\n world\r\n0\r\nX-Checksum: abc\r\n\r\n';

export const REQUESTS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n',
  'GET /a/b?x=1&y=%20 HTTP/1.1\r\nHost: example.org:8080\r\nX-User-Id: 42\r\nCookie: a=b; c="d"\r\nCookie: e=f\r\n\r\n',
  'HEAD /a/../%2e%2e%2fb HTTP/1.0\r\nHost: [2001:db8::1]:80\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: example.org\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world',
  'PUT /p HTTP/1.1\r\nHost: example.org\r\nContent-Length: 005\r\nConnection: x-hop, close\r\nX-Hop: 1\r\n\r\nhello',
  `POST /c HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X-Checksum\r\n\r\n${CHUNKS}`,
  `POST /c HTTP/1.1\r\nhost:example.org\r\ntransfer-encoding:\tChunked \r\nConnection: te, host\r\n\r\n00A\r\n0123456789\r\n0\r\n\r\n`,
  'GET http://Example.org/abs?q HTTP/1.1\r\nHost: example.org:80\r\nX-Forwarded-For: 192.0.2.9\r\nX_Real_IP: 192.0.2.9\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: example.org\r\nMax-Forwards: 3\r\n\r\n',
  'OPTIONS http://example.org HTTP/1.1\r\nHost: example.org\r\n\r\n',
  'GET /ws HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: websocket\r\nHTTP2-Settings: AAM\r\n\r\n',
  '\r\n\r\nDELETE /x HTTP/1.1\r\nHost: example.org\r\nProxy-Connection: close\r\nX-Request-Id: abc-1\r\nX-U: caf\xc3\xa9\r\n\r\n',
  'TRACE /t HTTP/1.1\r\nHost: example.org\r\nMax-Forwards: 0\r\nX-Outrigger-Explain: 1\r\nForwarded: for=192.0.2.9\r\nEmpty:\r\n\r\n',
];

export const RESPONSES: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello',
  'HTTP/1.1 200\r\nContent-Length: 0\r\nX-Request-Id: 1\r\nProxy-Authenticate: Basic\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 2\r\n\r\nno',
  'HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end',
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n${CHUNKS}`,
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: "a"\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n',
  'HTTP/1.1 500 Fehler \xfc\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx',
];

/** What attacks are made of. */
export const HOSTILE: readonly string[] = [
  ['\r', '\n', '\0', ' ', '\t', '\x0b', '\x0c', '\x7f', '\x85', '\xa0', '\xff', '\x1b', ':', ';', ',', '"', '\\', '_'],
  [
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    '\r\r\n',
    '\n\r\n',
    '\r\n ',
    '\r\n\t',
    '0\r\n\r\n',
    '0\r\n',
    '5\r\n',
    '+5',
    '-1',
    '0x5',
    '5 ',
  ],
  [
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'content-length:\r\n',
    'Content_Length: 5\r\n',
    'Content-Length : 5\r\n',
  ],
  [
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: identity\r\n',
    'transfer_encoding: chunked\r\n',
    ', chunked',
    'gzip, ',
  ],
  [
    'Host: evil.example\r\n',
    'Host: a@b\r\n',
    'Connection: host\r\n',
    'Connection: content-length, x-forwarded-for\r\n',
  ],
  [
    'Connection: close\r\n',
    'Connection: upgrade\r\nUpgrade: h2c\r\n',
    'Upgrade: foo\r\n',
    'TE: gzip\r\n',
    'Expect: x\r\n',
  ],
  ['X-Forwarded-By: a\r\n', 'X_Forwarded_For: a\r\n', 'x-outrigger-id: a\r\n', 'Proxy: a\r\n', 'Proxy-Auth: a\r\n'],
  [
    'GET /smuggled HTTP/1.1\r\nHost: example.org\r\n\r\n',
    ' HTTP/1.1',
    ' HTTP/1.0',
    'HTTP/1.1 200 OK\r\n',
    'http://b',
    '*',
    '#',
  ],
  [
    ';a=b',
    ';a="\r\n"',
    ';',
    ';\n',
    'ffffffffffffffff',
    '10000000000000005',
    'Max-Forwards: 00\r\n',
    'Trailer: Host\r\n',
  ],
].flat();
